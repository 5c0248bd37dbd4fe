"""Forecast by carrying on the recent drift: a baseline without any claim of skill.

It answers one question only: if log returns kept the exponentially weighted mean and variance they
had lately and were independent and normal, what would the close ``h`` bars ahead be?

    p_up = Phi(mean * h / sqrt(variance * h))
    quantile = exp(mean * h + z * sqrt(variance * h)) - 1

Returns of real markets have next to no such memory, so this is a coin with a slight lean. It is
what a learned model must beat before it may replace it, and it lets the desk run before one exists.

Source: random walk with drift, the textbook baseline of any return forecast.
"""

from __future__ import annotations

import hashlib
import math
from typing import Final

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.learning.domain.forecasting.blocks import BarBlock, block_of
from trading.learning.domain.forecasting.drift_kernel import MEMORY_COLUMNS, Z_TENTH, drift_block
from trading.learning.domain.forecasting.runs import ForecastRun, rows_of
from trading.learning.domain.forecasting.sets import FIGURES, Ask, SetHead
from trading.market.domain.bars import CLOSE, Bar, FloatArray
from trading.market.domain.timeframes import MS_PER_MINUTE

NAME: Final = "naive-drift-1"
LIFETIME_BARS: Final = 1  # one bar time may pass without a new set
_MEMORY_MS: Final = 720 * MS_PER_MINUTE  # 12 h
_LEAST_BARS: Final = 24
_BUNDLE: Final = hashlib.sha256(repr((NAME, _MEMORY_MS, _LEAST_BARS, Z_TENTH)).encode()).hexdigest()


def drift_period(step_ms: int) -> int:
    """Return how many bars of ``step_ms`` its weights remember."""
    return max(_LEAST_BARS, round(_MEMORY_MS / step_ms))


class NaiveDrift:
    """Carry on the drift of about the last 12 hours (at least 24 bars); see the module."""

    def __init__(self, asked: Ask) -> None:
        self._pairs, self._step_ms = asked.pairs, asked.step_ms
        self._period = drift_period(asked.step_ms)
        self._memory = np.zeros((len(asked.pairs), MEMORY_COLUMNS))
        self._head, self._n_bars, self._round_trip = self._asked(asked)

    @property
    def head(self) -> SetHead:
        """Return who it is and what it is asked for."""
        return self._head

    @property
    def warm_up_bars(self) -> int:
        """Return the bars of its memory, and one to measure the first change from."""
        return self._period + 1

    def ask(self, asked: Ask) -> None:
        """Ask for other horizons or at other costs from the next bar on."""
        if (asked.pairs, asked.step_ms) != (self._pairs, self._step_ms):
            raise InvariantError(
                f"a forecaster of {len(self._pairs)} pairs, {self._step_ms} ms a bar, "
                f"was asked for {len(asked.pairs)} of {asked.step_ms} ms"
            )
        self._head, self._n_bars, self._round_trip = self._asked(asked)

    def observe(self, block: BarBlock) -> ForecastRun:
        """Return one set for each step, from all bars up to it."""
        if block.step_ms != self._step_ms:
            raise InvariantError(f"bars were of {block.step_ms} ms; expected {self._step_ms}")
        places, stops, rows = rows_of(self._pairs, block)
        values = np.empty((len(places), len(self._n_bars), len(FIGURES)))
        reasons = np.empty((len(places), len(self._n_bars)), dtype=np.uint8)
        asked = float(self._period), self._n_bars, self._round_trip
        drift_block(places, block.values[CLOSE][rows], self._memory, asked, (values, reasons))
        return ForecastRun(self._head, block.open_times, stops, places, values, reasons)

    def memory(self) -> bytes:
        """Return the layout's digest and mean, variance, last close and bars seen of each pair."""
        return self._layout() + self._memory.tobytes()

    def restore(self, memory: bytes) -> bool:
        """Go on from ``memory`` if it is of these pairs, this length of a bar and this version."""
        layout = self._layout()
        if not memory.startswith(layout) or len(memory) != len(layout) + self._memory.nbytes:
            return False
        learnt = np.frombuffer(memory, dtype=np.float64, offset=len(layout))
        np.copyto(self._memory, learnt.reshape(self._memory.shape))
        return True

    def prepare(self) -> None:
        """Compile the kernel, or load it from the disk cache."""
        like = NaiveDrift(Ask(("A",), self._step_ms, (self._step_ms,)))
        like.observe(block_of([(0, [("A", Bar(0, 1.0, 1.0, 1.0, 1.0, 1.0))])], self._step_ms))

    def _asked(self, asked: Ask) -> tuple[SetHead, FloatArray, FloatArray]:
        head = SetHead(
            NAME, _BUNDLE, asked.pairs, asked.step_ms, asked.horizons_ms,
            LIFETIME_BARS * asked.step_ms,
        )  # fmt: skip
        n_bars = np.array([length / asked.step_ms for length in asked.horizons_ms])
        costs = np.array([asked.round_trip.get(pair, math.nan) for pair in asked.pairs])
        return head, n_bars, costs

    def _layout(self) -> bytes:
        told = repr((NAME, _BUNDLE, self._pairs, self._step_ms, MEMORY_COLUMNS))
        return hashlib.sha256(told.encode()).digest()
