"""Random price paths and a small runner, shared by the laws strategies must obey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from trading.market.domain.bars import FloatArray
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies.base import Strategy

STEP_MS = 300_000


class Trigger(NamedTuple):
    bar: int
    side: int
    strength: float
    confidence: float


def random_bars(seed: int, n: int, *, volatility: float = 0.002) -> FloatArray:
    """Return float64[n, 5] of a walk with fat tails, changing volatility and a volume that follows.

    Every row is open, high, low, close, volume; about one bar in fifty does not move at all.
    """
    rng = np.random.default_rng(seed)
    regime = np.exp(np.repeat(rng.normal(0.0, 0.5, n // 100 + 1), 100)[:n])
    returns = rng.standard_t(4, n) * volatility * regime
    returns[rng.random(n) < 0.02] = 0.0
    close = 100.0 * np.exp(np.cumsum(returns))
    open_ = np.concatenate(([100.0], close[:-1]))
    reach = np.exp(np.abs(rng.normal(0.0, volatility / 2, (2, n))) * regime)
    high = np.maximum(open_, close) * reach[0]
    low = np.minimum(open_, close) / reach[1]
    volume = rng.gamma(2.0, 5.0, n) * (1.0 + (np.abs(returns) / volatility) ** 2)
    return np.column_stack((open_, high, low, close, volume))


def mirrored(bars: FloatArray, k: float = 10_000.0) -> FloatArray:
    """Return the path with every price p as k / p; what was the high is the low; volume stays."""
    open_, high, low, close, volume = bars.T
    return np.column_stack((k / open_, k / low, k / high, k / close, volume))


def triggers_of(
    strategy: Strategy,
    bars: FloatArray,
    given: Mapping[str, float] | None = None,
    step_ms: int = STEP_MS,
) -> list[Trigger]:
    """Return every trigger of ``strategy`` over ``bars``, fed one closed bar at a time."""
    params = strategy.resolve(given or {})
    bank = FeatureBank([strategy.features(params, step_ms)])
    kernel_params = strategy.kernel_params(params, step_ms)
    first = strategy.min_bars(params, step_ms)
    state, out = np.zeros(max(1, strategy.state_size)), np.zeros(2)
    found = []
    for i, row in enumerate(bars.tolist()):
        bank.update(*row)
        if bank.n_bars < first:
            continue
        side = strategy.decide(bank.last_bar, bank.view(0), kernel_params, state, out)
        if side:
            found.append(Trigger(i, int(side), float(out[0]), float(out[1])))
    return found
