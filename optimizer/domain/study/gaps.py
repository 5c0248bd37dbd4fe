"""Say what a person has to know of candles that are not there.

Gaps are never filled: a system sees the bars there are, one after the other. Annual figures count
bars, as the original's, so where many are missing a year of them is longer than a year.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np

from optimizer.domain.metrics import bars_per_year
from optimizer.domain.periods import MS_PER_DAY
from trading.market.domain.bars import IntArray

LEAST_SHARE: Final = 0.05  # of the bars there should be
LEAST_BARS: Final = 50  # in a row


def gap_warnings(open_time: IntArray, step_ms: int, what: str = "the candles") -> tuple[str, ...]:
    """Return sentences on missing candles and on what that makes of annual figures; maybe none.

    Args:
        open_time: int64[n], ms UTC, growing, of the bars that are looked at.
        step_ms: length of one bar.
        what: they are, as a sentence begins with it.
    """
    steps = np.diff(open_time) // step_ms - 1
    if not steps.size:
        return ()
    missing, longest = int(steps.sum()), int(steps.max())
    expected = len(open_time) + missing
    share = missing / expected
    if share < LEAST_SHARE and longest < LEAST_BARS:
        return ()
    place = int(np.argmax(steps))
    begins, ends = int(open_time[place]) + step_ms, int(open_time[place + 1])
    found = [
        f"{missing:,} of {expected:,} candles are missing ({100 * share:.3g} %) in {what}; the "
        f"longest gap is {longest:,} bars, {_moment(begins)} to {_moment(ends)} UTC; none is filled"
    ]
    if is_annual_off(open_time, step_ms):
        found.append(_annual(len(open_time), expected, step_ms))
    return tuple(found)


def is_annual_off(open_time: IntArray, step_ms: int) -> bool:
    """Return whether so many bars are missing that a year of bars is no year of the calendar."""
    expected = (int(open_time[-1]) - int(open_time[0])) // step_ms + 1
    return 1.0 - len(open_time) / expected >= LEAST_SHARE


def _annual(n_bars: int, expected: int, step_ms: int) -> str:
    days, counted = (count * step_ms / MS_PER_DAY for count in (expected, n_bars))
    per_year = bars_per_year(step_ms)
    return (
        f"annual figures (CAGR, Sharpe, Sortino) count {per_year:,.0f} bars as a year and "
        f"durations count bars as well: with the missing candles {days:,.4g} days pass as "
        f"{counted:,.4g}, so "
        "they are far from what a year of the calendar brings; total return and the depth of the "
        "drawdown are not touched"
    )


def _moment(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M}"
