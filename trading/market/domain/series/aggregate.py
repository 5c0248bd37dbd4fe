"""Build bars of a longer timeframe from closed bars of a shorter one.

Buckets are aligned to the epoch like every bar. A bucket with missing bars is built from those
that exist and keeps their flags; the last bucket is partial until its final bar has closed.

Source: reference specification platform 1.3, B10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, BarArrays


@dataclass(frozen=True, slots=True)
class AggregatedBars:
    """Bars of the longer timeframe.

    Attributes:
        bars: one per bucket that has at least one bar; flags are those of its parts, joined.
        is_partial: True when the last bucket still waits for its final bar.
    """

    bars: BarArrays
    is_partial: bool


def bars_aggregate(bars: BarArrays, *, step_ms: int, target_ms: int) -> AggregatedBars:
    """Return ``bars`` joined into buckets of ``target_ms``.

    Args:
        bars: closed bars of ``step_ms``, oldest first.
        step_ms: length of one given bar.
        target_ms: length of one bucket; a multiple of ``step_ms``.

    Raises:
        BadInputError: ``target_ms`` is shorter than ``step_ms`` or no multiple of it.
    """
    if target_ms < step_ms or target_ms % step_ms:
        raise BadInputError(
            f"target timeframe was {target_ms} ms; expected a multiple of the bars' {step_ms} ms"
        )
    if target_ms == step_ms or len(bars) == 0:
        return AggregatedBars(bars, is_partial=False)
    bucket = bars.open_time - bars.open_time % target_ms
    starts = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))
    ends = np.append(starts[1:], len(bars)) - 1
    values = np.empty((5, starts.shape[0]))
    values[OPEN] = bars.values[OPEN, starts]
    values[HIGH] = np.maximum.reduceat(bars.values[HIGH], starts)
    values[LOW] = np.minimum.reduceat(bars.values[LOW], starts)
    values[CLOSE] = bars.values[CLOSE, ends]
    values[VOLUME] = np.add.reduceat(bars.values[VOLUME], starts)
    flags = np.bitwise_or.reduceat(bars.flags, starts)
    last_close = int(bars.open_time[-1]) + step_ms
    return AggregatedBars(
        BarArrays(bucket[starts], values, flags),
        is_partial=last_close < int(bucket[-1]) + target_ms,
    )
