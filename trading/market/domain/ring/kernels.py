"""Write one bar into the mirrored columns of a ring buffer.

Every closed bar is written twice, at ``head`` and ``head + capacity``, so that the last n bars
always lie in one piece: ``[head + capacity - n, head + capacity)``. The forming bar is written
once, at ``head + capacity``, where no closed window reaches.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Final

from numba import njit

from trading.market.domain.bars import FlagArray, FloatArray, IntArray

COUNT, HEAD, SEQ, VERSION, REVISION, STEP, CAPACITY, DROPPED = range(8)
HEADER_SIZE: Final = 8


class AppendStatus(IntEnum):
    """What became of a bar handed to the ring buffer."""

    APPENDED = 0
    APPENDED_AFTER_GAP = 1  # at least one bar is missing right before it
    REVISED = 2  # an older bar was replaced
    UNCHANGED = 3  # the same bar again
    BACKFILLED = 4  # an older bar that was missing
    TOO_OLD = 5  # before the oldest bar kept; dropped and counted
    NOT_FINITE = 6  # refused
    MISALIGNED = 7  # refused


_APPENDED: Final = int(AppendStatus.APPENDED)
_AFTER_GAP: Final = int(AppendStatus.APPENDED_AFTER_GAP)
_NOT_NEWER: Final = -1
_NOT_FINITE: Final = int(AppendStatus.NOT_FINITE)
_MISALIGNED: Final = int(AppendStatus.MISALIGNED)


@njit(cache=True)
def put(
    values: FloatArray,
    times: IntArray,
    flags: FlagArray,
    at: int,
    bar: tuple[int, float, float, float, float, float, int],
) -> None:
    """Write ``bar`` (open time, open, high, low, close, volume, flags) at one place."""
    times[at] = bar[0]
    values[0, at] = bar[1]
    values[1, at] = bar[2]
    values[2, at] = bar[3]
    values[3, at] = bar[4]
    values[4, at] = bar[5]
    flags[at] = bar[6]


@njit(cache=True)
def push(
    header: IntArray,
    values: FloatArray,
    times: IntArray,
    flags: FlagArray,
    bar: tuple[int, float, float, float, float, float, int],
) -> int:
    """Append ``bar`` if it is newer than the last one.

    Args:
        header: int64[8], see the index names of this module; ``VERSION`` is odd while writing.
        values: float64[5, 2 * capacity].
        times: int64[2 * capacity], ms UTC.
        flags: uint8[2 * capacity].
        bar: open time, open, high, low, close, volume, flags.

    Returns:
        an ``AppendStatus``, or -1 for a bar that is not newer, which nothing was done with.
    """
    if not math.isfinite(bar[1] + bar[2] + bar[3] + bar[4] + bar[5]):
        return _NOT_FINITE
    step, capacity, head = header[STEP], header[CAPACITY], header[HEAD]
    if bar[0] % step != 0:
        return _MISALIGNED
    status = _APPENDED
    if header[COUNT] > 0:
        last = times[head + capacity - 1]
        if bar[0] <= last:
            return _NOT_NEWER
        if bar[0] - last > step:
            status = _AFTER_GAP
    header[VERSION] += 1
    put(values, times, flags, head, bar)
    put(values, times, flags, head + capacity, bar)
    header[HEAD] = head + 1 if head + 1 < capacity else 0
    header[COUNT] = min(header[COUNT] + 1, capacity)
    header[SEQ] += 1
    header[VERSION] += 1
    return status
