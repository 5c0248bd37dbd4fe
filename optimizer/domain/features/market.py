"""Prepare one data set once: everything all trials, windows and trade sizes of a worker share.

Nothing here depends on a parameter or a window: spans are looked up with absolute bar numbers, so
the 30-day window and the whole file read the same arrays. Preparing 193,164 bars takes about a
tenth of a second and 70 MB; afterwards the arrays are read-only.

Source: reference specification of the optimizer, section 13.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optimizer.domain.features.drawdown import climb_chain, drawdown_tree
from optimizer.domain.features.extremes import extremes
from optimizer.domain.features.moments import prefix_moments
from optimizer.domain.features.prefix import prefix_sums
from optimizer.domain.features.runs import RunArray, run_lengths
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE, BarArrays, FloatArray


class Market(NamedTuple):
    """Shared arrays of one data set, n bars, as the kernels take them.

    Attributes:
        bars: float64[5, n], rows open, high, low, close, volume.
        runs: int32[N_RUNS, n], see ``runs``.
        sums, rests: float64[N_SUMS, n + 1], high and low words, see ``prefix``.
        moments: float64[n // 8 + 1, 9], of the one-bar returns, see ``moments``.
        edges, tables: extremes of the close, see ``extremes``.
        tree, climbs: drawdowns of the close, see ``drawdown``.
    """

    bars: FloatArray
    runs: RunArray
    sums: FloatArray
    rests: FloatArray
    moments: FloatArray
    edges: FloatArray
    tables: FloatArray
    tree: FloatArray
    climbs: RunArray


class Span(NamedTuple):
    """Bars ``start`` to ``stop - 1``."""

    start: int
    stop: int


def market_prepare(bars: BarArrays) -> Market:
    """Return the shared arrays of ``bars``.

    Raises:
        BadInputError: no bars, or a price is not finite and positive.
    """
    if not len(bars):
        raise BadInputError("the candles hold no bars")
    values = np.ascontiguousarray(bars.values, dtype=np.float64)
    prices = values[: CLOSE + 1]
    if not (np.all(np.isfinite(values)) and np.all(prices > 0)):
        bad = int(np.argmin((np.isfinite(values) & (values > 0))[: CLOSE + 1].all(axis=0)))
        raise BadInputError(
            f"bar {bad} has prices {prices[:, bad].tolist()}; expected finite and above 0"
        )
    sums, rests = prefix_sums(values)
    edges, tables = extremes(values[CLOSE])
    arrays = (
        values,
        run_lengths(values),
        sums,
        rests,
        prefix_moments(values[CLOSE]),
        edges,
        tables,
        drawdown_tree(values[CLOSE]),
        climb_chain(values[CLOSE]),
    )
    for array in arrays:
        if array is not bars.values:
            array.setflags(write=False)
    return Market(*arrays)
