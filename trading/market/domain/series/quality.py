"""Decide which bars are outliers and where bars are missing.

Two verdicts, neither of which changes a value. *Outliers* are kept as recorded and flagged
QUARANTINED with the rule that caught them. *Gaps* flag the first bar after them AFTER_GAP and are
counted. Bars that cannot have happened never come this far (``door``).

Every flag of bar i depends on bars up to i only, so that a replay knows no more than the live
desk would have known.

Source: reference specification platform 1.3, B6 (ordering, gaps) and B7 (robust band); the wick
rule catches what a band over closes cannot see.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from trading.market.domain.bars import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    BarFlag,
    FlagArray,
    FloatArray,
    IntArray,
)

WICK_HIGH_FACTOR: Final = 3.0  # high above this many times the body's top
WICK_LOW_FACTOR: Final = 0.5  # low below this share of the body's bottom
BAND_BARS: Final = 50  # closes before the bar that form the band
BAND_MADS: Final = 12.0  # half-width of the band in median absolute deviations
BAND_FLOOR: Final = 0.10  # least half-width, log return; quiet markets would have no width at all
BAND_BLOCK_MAX: Final = 3  # consecutive bars the band may quarantine before it must give way
_CHUNK: Final = 16_384  # rows per median call; bounds the memory of the windows


class OutlierRule(StrEnum):
    """Why a bar is quarantined."""

    HIGH_WICK = "high_wick"
    LOW_WICK = "low_wick"
    CLOSE_JUMP = "close_jump"


@dataclass(frozen=True, slots=True)
class Outlier:
    """One quarantined bar.

    Attributes:
        index: place in the series.
        open_time: ms UTC.
        rule: the first rule that caught it.
        value: what was observed: the wick or the close, quote per base.
        reference: what it was held against: body top or bottom, or the band's median.
    """

    index: int
    open_time: int
    rule: OutlierRule
    value: float
    reference: float


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Flags for every bar and what they add up to."""

    flags: FlagArray
    outliers: tuple[Outlier, ...]
    gaps: int
    missing_bars: int
    missing: IntArray  # int64[n], bars missing right before each

    def after(self, n: int) -> QualityReport:
        """Return the report of the bars from place ``n`` on, as they stand in the series."""
        missing = self.missing[n:]
        outliers = tuple(
            replace(outlier, index=outlier.index - n)
            for outlier in self.outliers
            if outlier.index >= n
        )
        return QualityReport(
            self.flags[n:], outliers, int((missing > 0).sum()), int(missing.sum()), missing
        )


def quality_check(open_time: IntArray, values: FloatArray, step_ms: int) -> QualityReport:
    """Return the flags, outliers and gaps of a possible series.

    Args:
        open_time: int64[n], ms UTC, strictly growing, multiples of ``step_ms``.
        values: float64[5, n], rows in the order of ``COLUMNS``, finite, prices positive.
        step_ms: length of one bar.

    Returns:
        ``flags`` is uint8[n]; the flag of bar i depends on bars 0 to i only. The band needs
        ``BAND_BARS`` earlier closes; before that only the wick rule is applied.
    """
    missing = gap_sizes(open_time, step_ms)
    flags = np.zeros(open_time.shape[0], dtype=np.uint8)
    flags[missing > 0] |= np.uint8(BarFlag.AFTER_GAP)
    found = _wicks(open_time, values)
    caught = {outlier.index for outlier in found}
    found += [o for o in _close_jumps(open_time, values[CLOSE]) if o.index not in caught]
    found.sort(key=lambda outlier: outlier.index)
    flags[[outlier.index for outlier in found]] |= np.uint8(BarFlag.QUARANTINED)
    return QualityReport(flags, tuple(found), int((missing > 0).sum()), int(missing.sum()), missing)


def gap_sizes(open_time: IntArray, step_ms: int) -> IntArray:
    """Return int64[n]: how many bars are missing right before each bar (0 for the first)."""
    missing = np.zeros(open_time.shape[0], dtype=np.int64)
    missing[1:] = np.diff(open_time) // step_ms - 1
    return missing


def _wicks(open_time: IntArray, values: FloatArray) -> list[Outlier]:
    top = np.maximum(values[OPEN], values[CLOSE])
    bottom = np.minimum(values[OPEN], values[CLOSE])
    found = []
    for rule, mask, row, reference in (
        (OutlierRule.HIGH_WICK, values[HIGH] / WICK_HIGH_FACTOR > top, HIGH, top),
        (OutlierRule.LOW_WICK, values[LOW] < WICK_LOW_FACTOR * bottom, LOW, bottom),
    ):
        found += [
            Outlier(i, int(open_time[i]), rule, float(values[row, i]), float(reference[i]))
            for i in np.flatnonzero(mask).tolist()
        ]
    # a bar with both wicks is one outlier
    return list({outlier.index: outlier for outlier in reversed(found)}.values())


def _close_jumps(open_time: IntArray, close: FloatArray) -> list[Outlier]:
    if close.shape[0] <= BAND_BARS:
        return []
    outside, side, median = _outside_band(np.log(close))
    found: list[Outlier] = []
    blocked: dict[int, int] = {}  # index -> length of the blocked run ending there
    sides = dict(zip(outside.tolist(), side.tolist(), strict=True))
    for i, reference in zip(outside.tolist(), median.tolist(), strict=True):
        run = blocked.get(i - 1, 0)
        # the bar before was out on the same side: this one confirms the new level
        if sides.get(i - 1) == sides[i] or run >= BAND_BLOCK_MAX:
            continue
        blocked[i] = run + 1
        found.append(
            Outlier(
                i,
                int(open_time[i]),
                OutlierRule.CLOSE_JUMP,
                float(close[i]),
                float(np.exp(reference)),
            )
        )
    return found


def _outside_band(
    log_close: FloatArray,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_], FloatArray]:
    """Return indices outside the band, whether above it, and the band's median (log)."""
    windows = np.lib.stride_tricks.sliding_window_view(log_close, BAND_BARS)[:-1]
    indices, sides, medians = [], [], []
    for start in range(0, windows.shape[0], _CHUNK):
        window = windows[start : start + _CHUNK]
        median = np.median(window, axis=1)
        current = log_close[start + BAND_BARS : start + BAND_BARS + window.shape[0]]
        deviation = current - median
        far = np.flatnonzero(np.abs(deviation) > BAND_FLOOR)
        # the spread is needed only where the floor alone does not already say "inside"
        spread = np.median(np.abs(window[far] - median[far, None]), axis=1)
        out = far[np.abs(deviation[far]) > BAND_MADS * spread]
        indices.append(out + start + BAND_BARS)
        sides.append(deviation[out] > 0)
        medians.append(median[out])
    return np.concatenate(indices), np.concatenate(sides), np.concatenate(medians)
