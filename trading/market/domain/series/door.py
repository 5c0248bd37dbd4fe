"""The one door through which every bar enters the desk, whatever it comes from.

Files, downloads, a followed venue and the simulated market ask the same questions here. A bar that
cannot have happened, or stands off the grid of its timeframe, is set aside with a reason from a
closed set; a file is refused for it, a feed goes on without it. What passes is flagged by the same
rules as a stored series, and a live bar gets the very flag it would have got in a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from trading.market.domain.bars import (
    CLOSE,
    COLUMNS,
    HIGH,
    LOW,
    OPEN,
    VOLUME,
    Bar,
    BarArrays,
    FloatArray,
    IntArray,
)
from trading.market.domain.series.quality import BAND_BARS, QualityReport, quality_check

UNKNOWN_TIME: Final = -1  # open time of a row that has none
# Amounts have 20 digits before the point. From here on a target a thousand prices away has no room.
MOST_PRICE: Final = 1e15
# The flag of a bar depends on the band before it and on the run of outliers it ends; a run that
# alternates widens its own band and so is shorter than half of one.
TAIL_BARS: Final = 3 * BAND_BARS


class Refusal(StrEnum):
    """Why a bar is set aside."""

    UNREADABLE = "unreadable"
    NO_VOLUME = "no_volume"
    NOT_FINITE = "not_finite"
    NOT_POSITIVE = "not_positive"
    TOO_HIGH = "too_high"
    NEGATIVE_VOLUME = "negative_volume"
    HIGH_BELOW_LOW = "high_below_low"
    HIGH_BELOW_BODY = "high_below_body"
    LOW_ABOVE_BODY = "low_above_body"
    OFF_GRID = "off_grid"
    CONTRADICTED = "contradicted"
    OUT_OF_ORDER = "out_of_order"


REFUSAL_TEXT: Final[dict[Refusal, str]] = {
    Refusal.UNREADABLE: "cannot be read as a bar",
    Refusal.NO_VOLUME: "has no volume",
    Refusal.NOT_FINITE: "has a value that is not finite",
    Refusal.NOT_POSITIVE: "has a price that is not positive",
    Refusal.TOO_HIGH: f"has a price above {MOST_PRICE:g}, which amounts have no room for",
    Refusal.NEGATIVE_VOLUME: "has a negative volume",
    Refusal.HIGH_BELOW_LOW: "has its high below its low",
    Refusal.HIGH_BELOW_BODY: "has its high below its open or close",
    Refusal.LOW_ABOVE_BODY: "has its low above its open or close",
    Refusal.OFF_GRID: "opens off the grid of its timeframe",
    Refusal.CONTRADICTED: "is contradicted by another bar of the same time",
    Refusal.OUT_OF_ORDER: "does not come after the bar before it",
}


@dataclass(frozen=True, slots=True)
class RefusedBar:
    """One bar that was set aside.

    Attributes:
        index: place among the rows that were shown to the door.
        open_time: ms UTC, ``UNKNOWN_TIME`` where the row has none.
        reason: the first rule it broke.
        shown: its values as they came, for a person.
    """

    index: int
    open_time: int
    reason: Refusal
    shown: str

    @property
    def problem(self) -> str:
        """What is wrong with it, as the end of a sentence."""
        return f"{REFUSAL_TEXT[self.reason]}: {self.shown}"


@dataclass(frozen=True, slots=True)
class PassedBars:
    """What came through the door.

    Attributes:
        bars: flagged, open times strictly growing; a repeated bar is kept once.
        refused: in the order of their places.
        report: outliers and gaps of ``bars``; indices count from the first of ``bars``.
        n_repeated: identical bars given more than once.
    """

    bars: BarArrays
    refused: tuple[RefusedBar, ...]
    report: QualityReport
    n_repeated: int


def bars_refused(open_time: IntArray, values: FloatArray, step_ms: int) -> list[RefusedBar]:
    """Return the bars that cannot have happened, oldest place first.

    Args:
        open_time: int64[n], ms UTC, in any order.
        values: float64[5, n], rows in the order of ``COLUMNS``; NaN for what is missing.
        step_ms: length of one bar.
    """
    reasons = _reasons(open_time, values, step_ms)
    return [
        RefusedBar(i, int(open_time[i]), _ORDER[reasons[i] - 1], _shown(values[:, i]))
        for i in np.flatnonzero(reasons).tolist()
    ]


def bars_pass(
    open_time: IntArray, values: FloatArray, step_ms: int, *, tail: BarArrays | None = None
) -> PassedBars:
    """Let bars in behind ``tail``: refuse what cannot be, drop repetitions, flag the rest.

    Args:
        open_time: int64[n], ms UTC, in the order the bars came.
        values: float64[5, n], rows in the order of ``COLUMNS``.
        step_ms: length of one bar.
        tail: the last ``TAIL_BARS`` bars that passed before (fewer at the beginning of a series).
    """
    refused = bars_refused(open_time, values, step_ms)
    kept: list[int] = []
    bad = {item.index for item in refused}
    last, n_repeated = _last_time(tail), 0
    for i, time in enumerate(open_time.tolist()):
        if i in bad:
            continue
        if time > last:
            kept.append(i)
            last = time
        elif kept and time == last and np.array_equal(values[:, i], values[:, kept[-1]]):
            n_repeated += 1
        else:
            rule = Refusal.CONTRADICTED if time == last else Refusal.OUT_OF_ORDER
            refused.append(RefusedBar(i, time, rule, _shown(values[:, i])))
    refused.sort(key=lambda item: item.index)
    times, cells = open_time[kept], np.ascontiguousarray(values[:, kept])
    report = _flagged(tail, times, cells, step_ms)
    return PassedBars(BarArrays(times, cells, report.flags), tuple(refused), report, n_repeated)


def tail_of(tail: BarArrays | None, bars: BarArrays) -> BarArrays:
    """Return what ``bars_pass`` needs to know of the bars so far: the last ``TAIL_BARS``."""
    if tail is None or not len(tail):
        joined = bars
    else:
        joined = BarArrays(
            np.concatenate((tail.open_time, bars.open_time)),
            np.concatenate((tail.values, bars.values), axis=1),
            np.concatenate((tail.flags, bars.flags)),
        )
    return joined.slice(max(0, len(joined) - TAIL_BARS), len(joined))


def bars_from(bars: list[Bar]) -> BarArrays:
    """Return bars as columns, in the order given."""
    rows = np.array([bar[1:6] for bar in bars], dtype=np.float64).reshape(len(bars), len(COLUMNS))
    return BarArrays(
        np.array([bar.open_time for bar in bars], dtype=np.int64),
        np.ascontiguousarray(rows.T),
        np.array([bar.flags for bar in bars], dtype=np.uint8),
    )


_ORDER: Final = (
    Refusal.NO_VOLUME,
    Refusal.NOT_FINITE,
    Refusal.NOT_POSITIVE,
    Refusal.TOO_HIGH,
    Refusal.NEGATIVE_VOLUME,
    Refusal.HIGH_BELOW_LOW,
    Refusal.HIGH_BELOW_BODY,
    Refusal.LOW_ABOVE_BODY,
    Refusal.OFF_GRID,
)


def _reasons(open_time: IntArray, values: FloatArray, step_ms: int) -> npt.NDArray[np.int64]:
    """Return int64[n]: 1 + the place in ``_ORDER`` of the first rule broken, 0 for none."""
    prices = values[:VOLUME]
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(prices).all(axis=0)
        broken = np.stack(
            (
                finite & np.isnan(values[VOLUME]),
                ~np.isfinite(values).all(axis=0),
                (prices <= 0).any(axis=0),
                (prices > MOST_PRICE).any(axis=0),
                values[VOLUME] < 0,
                values[HIGH] < values[LOW],
                values[HIGH] < np.maximum(values[OPEN], values[CLOSE]),
                values[LOW] > np.minimum(values[OPEN], values[CLOSE]),
                (open_time % step_ms != 0) | (open_time < 0),
            )
        )
    return np.where(broken.any(axis=0), broken.argmax(axis=0) + 1, 0)


def _flagged(
    tail: BarArrays | None, open_time: IntArray, values: FloatArray, step_ms: int
) -> QualityReport:
    n = 0 if tail is None else len(tail)
    if tail is None or not n:
        return quality_check(open_time, values, step_ms)
    whole = quality_check(
        np.concatenate((tail.open_time, open_time)),
        np.concatenate((tail.values, values), axis=1),
        step_ms,
    )
    return whole.after(n)


def _last_time(tail: BarArrays | None) -> int:
    return UNKNOWN_TIME if tail is None or not len(tail) else int(tail.open_time[-1])


def _shown(values: FloatArray) -> str:
    return ", ".join(
        f"{name} {value!r}" for name, value in zip(COLUMNS, values.tolist(), strict=True)
    )
