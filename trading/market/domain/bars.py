"""The candle as it enters the desk: field order, dtype, flags and the check at the edge.

A bar covers ``[open_time, open_time + timeframe)`` and is known only at its close. Columns are
float64 in the order open, high, low, close, volume (``COLUMNS``); open times are int64
milliseconds UTC; flags are uint8. NaN never enters: a datum that is missing is not a bar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import IntFlag
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from trading.base.domain.errors import InvariantError

COLUMNS: Final = ("open", "high", "low", "close", "volume")
OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
FlagArray = npt.NDArray[np.uint8]


class BarFlag(IntFlag):
    """What the desk must know about a bar beyond its prices; 0 is an ordinary closed bar."""

    NONE = 0
    QUARANTINED = 1  # outlier kept as recorded; features see it, entries refuse it (ADR 2)
    SYNTHETIC = 2  # flat filler for a gap that stayed open
    REVISED = 4  # replaced after it was first published
    WARMUP = 8  # history loaded to warm indicators; no orders come from it
    AFTER_GAP = 16  # at least one bar is missing right before it
    LATE = 32  # came when its time had passed; stored, and decided on by nobody


# plain ints: testing a flag on every bar through the enum costs more than the test
QUARANTINED: Final = int(BarFlag.QUARANTINED)
WARMUP: Final = int(BarFlag.WARMUP)
LATE: Final = int(BarFlag.LATE)


SAME_TOLERANCE: Final = 1e-9  # relative


class Bar(NamedTuple):
    """One closed candle; prices in quote per base, volume in base.

    A tuple, because one is made and taken apart for every pair and bar time.
    """

    open_time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    flags: int = 0

    def says_as(self, other: Bar) -> bool:
        """Return whether both say the same; venues print the same number with other digits."""
        return all(
            math.isclose(mine, its, rel_tol=SAME_TOLERANCE)
            for mine, its in zip(self[1:6], other[1:6], strict=True)
        )


@dataclass(frozen=True, slots=True)
class BarArrays:
    """Many bars of one pair as columns, oldest first, equal length, open times strictly growing.

    Attributes:
        open_time: int64[n], ms UTC.
        values: float64[5, n], rows in the order of ``COLUMNS``, C-contiguous.
        flags: uint8[n], ``BarFlag``.
    """

    open_time: IntArray
    values: FloatArray
    flags: FlagArray

    def __post_init__(self) -> None:
        n = self.open_time.shape[0]
        if self.values.shape != (5, n) or self.flags.shape != (n,):
            raise InvariantError(
                f"bar columns must have one length, received times {n}, "
                f"values {self.values.shape}, flags {self.flags.shape}"
            )

    def __len__(self) -> int:
        return int(self.open_time.shape[0])

    def bar(self, i: int) -> Bar:
        """Return bar ``i`` as a value."""
        o, h, low, c, v = self.values[:, i].tolist()
        return Bar(int(self.open_time[i]), o, h, low, c, v, int(self.flags[i]))

    def slice(self, start: int, stop: int) -> BarArrays:
        """Return bars ``start`` to ``stop`` (views, no copy)."""
        return BarArrays(
            self.open_time[start:stop], self.values[:, start:stop], self.flags[start:stop]
        )


def to_decimal(value: float) -> Decimal:
    """Return the decimal a person would write for ``value`` (shortest text that reads back)."""
    return Decimal(repr(value))
