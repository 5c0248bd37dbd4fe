"""Cut an equity curve into periods long enough to be a day and many enough to be counted.

A period is a day. A window of fewer than ``LEAST_PERIODS`` days gets shorter periods, so that
skewness and kurtosis are estimated from something. Periods are counted in bars, as the
annualisation of the metrics is; gaps in the candles are ignored.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from optimizer.domain.metrics import bars_per_year
from optimizer.domain.periods import MS_PER_DAY
from trading.market.domain.bars import FloatArray

LEAST_PERIODS: Final = 240
_TINY: Final = 1e-9  # equity that is used up stays used up


class Periods(NamedTuple):
    """Length of a period in bars, and how many of them a year of 365 days has."""

    bars: int
    per_year: float


def periods_of(n_bars: int, step_ms: int) -> Periods:
    """Return the periods for a window of ``n_bars`` bars of ``step_ms`` ms."""
    day = max(1, MS_PER_DAY // step_ms)
    bars = min(day, max(1, n_bars // LEAST_PERIODS))
    return Periods(bars, bars_per_year(step_ms) / bars)


def period_returns(curve: FloatArray, periods: Periods) -> FloatArray:
    """Return the simple returns of whole periods, oldest first, counted back from the last bar.

    Args:
        curve: float64[n], equity at every bar, quote, not negative.
        periods: how to cut it; the oldest bars that fill no period are left out.

    Returns:
        float64[(n - 1) // bars], decimals, finite; 0 once the equity is gone.
    """
    ends = curve[(curve.shape[0] - 1) % periods.bars :: periods.bars]
    returns: FloatArray = np.diff(ends) / np.maximum(ends[:-1], _TINY)
    return returns
