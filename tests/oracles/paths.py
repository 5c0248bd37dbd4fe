"""Seeded price paths and parameter draws small enough for slow loops."""

from __future__ import annotations

import numpy as np

from trading.market.domain.bars import BarArrays
from trading.market.domain.costs import SwapCostSchedule

STEP_MS = 300_000
RUNGS = [
    (500.0, 0.004, 0.05, 0.07),
    (1000.0, 0.010, 0.10, 0.08),
    (2500.0, 0.020, 0.09, 0.12),
    (10_000.0, 0.050, 0.20, 0.15),
]


def schedule() -> SwapCostSchedule:
    return SwapCostSchedule(*(np.array(column) for column in zip(*RUNGS, strict=True)))


def path(seed: int, n: int = 1200, tick: float = 0.0, wick: bool = False) -> BarArrays:
    """Return a seeded walk with regimes; ``tick`` rounds prices so that many are equal."""
    rng = np.random.default_rng(seed)
    drift = np.repeat(rng.normal(0, 0.002, n // 100 + 1), 100)[:n]
    close = 0.002 * np.exp(np.cumsum(drift + rng.normal(0, 0.012, n)))
    open_ = np.concatenate([[close[0] * 1.001], close[:-1] * (1 + rng.normal(0, 0.001, n - 1))])
    if tick:
        # At least one tick, so that a price never becomes zero.
        close, open_ = (np.maximum(np.round(x / tick), 1) * tick for x in (close, open_))
    spread = np.abs(rng.normal(0, 0.004, (2, n)))
    high = np.maximum(open_, close) * (1 + spread[0] * (rng.random(n) < 0.7))
    low = np.minimum(open_, close) * (1 - spread[1])
    if wick:
        high[n // 3] = close[n // 3] * 1690
    volume = rng.lognormal(3, 1, n) * (rng.random(n) < 0.95)
    times = 1_700_000_100_000 + STEP_MS * np.cumsum(rng.choice([1, 1, 1, 1, 3], n)).astype(np.int64)
    values = np.ascontiguousarray(np.stack([open_, high, low, close, volume]))
    return BarArrays(times.astype(np.int64), values, np.zeros(n, dtype=np.uint8))


_SHARES = {
    "trailing_drawdown_pct": (0.0, 0.2),
    "trail_drawdown_pct": (0.02, 0.3),
    "trail_uptrend": (0.02, 0.2),
    "trail_pct": (0.02, 0.3),
    "entry_drop": (0.0, 0.06),
    "exit_up": (0.0, 0.08),
    "base_exit_up": (0.0, 0.06),
    "exit_cap": (0.0, 0.1),
    "z_mult": (0.0, 0.03),
    "gap_min": (0.0, 0.01),
    "entry_buffer_frac": (0.0, 0.01),
    "dd_base": (0.01, 0.1),
    "dd_k": (0.0, 3.0),
    "gain_weight": (0.0, 0.3),
    "dd_min": (0.01, 0.08),
    "dd_max": (0.05, 0.3),
    "rsi_max": (35.0, 65.0),
    "rsi_exit": (50.0, 80.0),
    "atr_mult": (0.5, 4.0),
    "atr_floor_pct": (0.0, 0.01),
    "atr_min_norm": (0.0, 0.02),
    "crash_drawdown": (-0.3, -0.05),
    "volume_multiplier": (0.2, 1.5),
    "regime_slope_min": (0.0, 1e-7),
    "recovery_drawup_threshold": (1.0, 1.1),
    "short_drawdown_limit": (-0.3, -0.01),
    "adx_range_threshold": (15.0, 60.0),
}
_COUNTS = {
    "min_hold_bars": (0, 60),
    "cooldown_bars": (0, 60),
    "time_stop_bars": (0, 40),
    "max_hold_bars": (0, 80),
    "rsi_period": (1, 30),
    "adx_period": (2, 20),
    "adx_htf_period": (2, 8),
    "adx_htf_minutes": (5, 60),
    "ema_fast": (1, 40),
}


def draw(strategy, rng: np.random.Generator) -> dict[str, float]:
    """Return random parameters whose windows fit a path of a thousand bars."""
    params: dict[str, float] = {}
    for param in strategy.params:
        if param.kind == "int":
            low, high = _COUNTS.get(param.name, (2, 140))
            params[param.name] = int(rng.integers(low, high + 1))
        elif param.unit == "days":
            params[param.name] = float(rng.uniform(0.0, 0.5))
        else:
            # One in eight at its lower end: zero switches trails and floors off.
            low, high = _SHARES[param.name]
            params[param.name] = low if rng.random() < 0.125 else float(rng.uniform(low, high))
    return params
