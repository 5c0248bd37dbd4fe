"""Say in which order bars of one time are decided on: by what the market did, never by a name.

Pairs of one session share seats, limits and the health of its savings, so the one that is decided
on first may take what another wanted. The bar that ranged widest for its price goes first, then the
one that moved most from open to close; both are ratios, so the unit a pair is counted in changes
nothing. Bars that are equal in both (flat ones) go by turnover, close, open and volume. Only bars
equal in every figure are left in the order they came in.

Source: ADR 15.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, Bar, FloatArray, IntArray


class BarTime(NamedTuple):
    """The closed bars of one time, each with its pair, in their turn.

    ``seq`` is the number of the last of them in the stream, ``open_time`` theirs, ms UTC.
    """

    seq: int
    open_time: int
    bars: list[tuple[str, Bar]]


def turn_key(bar: Bar) -> tuple[float, ...]:
    """Return what bars are ordered by, smallest first; the open time comes before all else."""
    time, open_, high, low, close, volume, _ = bar
    wide = (high - low) / close if close else 0.0
    moved = abs(close - open_) / open_ if open_ else 0.0
    return time, -wide, -moved, -(close * volume), -close, -open_, -volume


def turn_order(times: IntArray, values: FloatArray) -> IntArray:
    """Return the places of bars in the order of ``turn_key``.

    Args:
        times: int64[n], open times.
        values: float64[5, n], rows as in ``COLUMNS``; prices above 0.

    Returns:
        int64[n]; equal bars keep their order.
    """
    open_, high, low = values[OPEN], values[HIGH], values[LOW]
    close, volume = values[CLOSE], values[VOLUME]
    wide, moved = (high - low) / close, np.abs(close - open_) / open_
    keys = (-volume, -open_, -close, -(close * volume), -moved, -wide, times)
    return np.lexsort(keys)
