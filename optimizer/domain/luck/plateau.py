"""Ask whether a result stands on a plateau: what becomes of it beside its parameters and in parts.

A peak that vanishes when a parameter moves by a few percent of its range, or that one week made,
is what searching noise finds. The figure is a lower quartile and not a mean, so that one good
neighbour cannot speak for the others.

Sources: optimizer issue, "Luck control"; R. Pardo, "The Evaluation and Optimization of Trading
Strategies", 2008, on neighbourhoods of an optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from optimizer.domain.features.market import Span
from trading.market.domain.bars import FloatArray

NEIGHBOURS: Final = 16
REACH: Final = 0.05  # of every parameter's range, up and down
TIME_BLOCKS: Final = 8
LEAST_BLOCK_BARS: Final = 10
QUANTILE: Final = 0.25


def neighbours(
    point: FloatArray, rng: np.random.Generator, n: int = NEIGHBOURS, reach: float = REACH
) -> FloatArray:
    """Return points around ``point``, float64[dim] in [0, 1]: float64[n, dim] in [0, 1].

    Uniform within ``reach`` on every axis; near an edge the box is moved inside, so that as many
    neighbours differ there as elsewhere.
    """
    low = np.clip(point - reach, 0.0, 1.0 - 2.0 * reach)
    points: FloatArray = np.minimum(low + 2.0 * reach * rng.random((n, point.shape[0])), 1.0)
    return points


def lower_quantile(values: Sequence[float]) -> float:
    """Return the lower quartile; what is NaN counts as the worst there is, -inf."""
    found = np.asarray(values, dtype=np.float64)
    known = np.where(np.isnan(found), -np.inf, found)
    return float(np.quantile(known, QUANTILE, method="lower"))


def time_blocks(span: Span, n: int = TIME_BLOCKS) -> list[Span]:
    """Return ``span`` in ``n`` parts of equal length, to a bar; none where that is too short."""
    if span.stop - span.start < n * LEAST_BLOCK_BARS:
        return []
    edges = np.linspace(span.start, span.stop, n + 1).astype(np.int64).tolist()
    return [Span(a, b) for a, b in pairwise(edges)]
