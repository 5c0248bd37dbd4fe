"""A system: a strategy together with the compiled scan that finds its signals over a whole window.

A scan is the batch twin of the strategy's ``decide``: same parameter vector, same virtual position,
same signals (a law test compares them), but over shared features and without visiting what cannot
matter. It knows nothing of fills, costs or cash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import MarkArray
from optimizer.domain.kernels import part
from trading.market.domain.bars import FloatArray
from trading.signals.domain.strategies.base import Strategy


def found_make(n: int) -> Found:
    """Return room for the signals of ``n`` bars."""
    at, side = np.empty(n + 1, dtype=np.int32), np.empty(n + 1, dtype=np.int8)
    return Found(at, side, np.zeros(n + 1, dtype=np.int8))


class Found(NamedTuple):
    """Where a scan writes: bar numbers and flags of its signals, at least one place per bar.

    ``marks`` is scratch, one byte per bar, for a first pass that a machine does many bars at once.
    """

    at: npt.NDArray[np.int32]
    side: npt.NDArray[np.int8]
    marks: MarkArray


# scan(market, recursions, span, params, found) -> how many signals were written, bars growing
Scan = Callable[[Market, Recursions, Span, FloatArray, Found], int]


@dataclass(frozen=True, slots=True)
class System:
    """One strategy and its scan."""

    strategy: Strategy
    scan: Scan

    @property
    def name(self) -> str:
        """Return the strategy's name."""
        return self.strategy.name


@part
def put(found: Found, k: int, bar: int, flag: int) -> int:
    """Write one signal and return the next place."""
    found.at[k] = bar
    found.side[k] = flag
    return k + 1
