"""Forecasters that say what a test wants, and bars to show them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.market_paths import random_bars
from trading.learning.domain.forecasting.blocks import BarBlock
from trading.learning.domain.forecasting.runs import ForecastRun, rows_of
from trading.learning.domain.forecasting.sets import FIGURES, Ask, SetHead
from trading.market.domain.bars import BarArrays

STEP = 300_000
EPOCH = 1_700_000_100_000


def walk(seed: int, n: int, *, step_ms: int = STEP) -> BarArrays:
    """Return ``n`` bars of a random walk with fat tails."""
    times = EPOCH - EPOCH % step_ms + step_ms * np.arange(n, dtype=np.int64)
    values = np.ascontiguousarray(random_bars(seed, n).T)
    return BarArrays(times, values, np.zeros(n, dtype=np.uint8))


def with_holes(bars: BarArrays, holes: Sequence[int]) -> BarArrays:
    """Return the bars without those at ``holes``."""
    keep = np.delete(np.arange(len(bars)), [i for i in holes if i < len(bars)])
    return BarArrays(
        bars.open_time[keep], np.ascontiguousarray(bars.values[:, keep]), bars.flags[keep]
    )


class Steady:
    """Expects the same of every pair and horizon, always."""

    warm_up_bars = 1

    def __init__(
        self, asked: Ask, *, p_up: float = 0.9, expected: float = 0.01, lifetime_ms: int = 0
    ) -> None:
        self.figures = (p_up, -0.02, expected, 0.03, expected, expected)
        self.lifetime_ms = lifetime_ms
        self.n_seen = 0
        self.ask(asked)

    def ask(self, asked: Ask) -> None:
        self.head = SetHead(
            "steady", "0", asked.pairs, asked.step_ms, asked.horizons_ms, self.lifetime_ms
        )

    def observe(self, block: BarBlock) -> ForecastRun:
        places, stops, _ = rows_of(self.head.pairs, block)
        shape = len(places), len(self.head.horizons_ms)
        values = np.broadcast_to(self.figures, (*shape, len(FIGURES))).copy()
        self.n_seen += len(block)
        reasons = np.zeros(shape, dtype=np.uint8)
        return ForecastRun(self.head, block.open_times, stops, places, values, reasons)

    def memory(self) -> bytes:
        return b"steady"

    def restore(self, memory: bytes) -> bool:
        return memory == b"steady"

    def prepare(self) -> None:
        pass


class Failing(Steady):
    """Raises while ``is_broken``; takes in nothing then."""

    is_broken = True

    def observe(self, block: BarBlock) -> ForecastRun:
        if self.is_broken:
            raise ValueError("the model is upset")
        return super().observe(block)
