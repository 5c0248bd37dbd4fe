"""Donchian champion, dynamic: the trail widens with volatility and with the open gain.

Entry and channel exit as the Donchian champion, with an optional buffer above the high. Stop
distance: ``dd_base + dd_k * ATR/close + gain_weight * (peak/entry - 1)``, held between ``dd_min``
and ``dd_max`` (the upper limit wins when they cross).

Source: reference specification of the optimizer, section 10.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, FloatArray
from trading.signals.domain.strategies.base import (
    BUY,
    NONE,
    SELL,
    Feature,
    FeatureKind,
    Param,
    Params,
    Strategy,
)
from trading.signals.domain.strategies.systems.donchian_champion import (
    AVERAGE,
    HIGHEST,
    LOWEST,
    channel_features,
)
from trading.signals.domain.strategies.systems.spans import bars_of_days, days_param, share_param

# Of the kernel's parameters; windows in bars, the rest as named by the params.
ENTRY, EXIT, EMA, ATR, BUFFER, DD_BASE, DD_K, GAIN_WEIGHT, DD_MIN, DD_MAX = range(10)
RANGE: Final = 3  # of the features, after those of the channel
_HOLDING, _PEAK, _ENTRY_PRICE = range(3)


@njit(cache=True)
def stop_distance(params: FloatArray, atr_ratio: float, peak: float, entry: float) -> float:
    """Return how far below the peak the trail stands, as a share of the peak."""
    gain = max(0.0, peak / entry - 1.0)
    wanted = params[DD_BASE] + params[DD_K] * atr_ratio + params[GAIN_WEIGHT] * gain
    return float(min(max(wanted, params[DD_MIN]), params[DD_MAX]))


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    x = bar[CLOSE]
    if np.isnan(features[HIGHEST]):
        return NONE
    out[0] = out[1] = 1.0
    if state[_HOLDING] == 0.0:
        if x < features[HIGHEST] * (1.0 + params[BUFFER]):
            return NONE
        state[_HOLDING], state[_PEAK], state[_ENTRY_PRICE] = 1.0, x, x
        return BUY
    state[_PEAK] = max(state[_PEAK], x)
    atr_ratio = 0.0 if np.isnan(features[RANGE]) else features[RANGE] / x
    distance = stop_distance(params, atr_ratio, state[_PEAK], state[_ENTRY_PRICE])
    is_low = x <= features[LOWEST] and x < features[AVERAGE]
    if is_low or x <= state[_PEAK] * (1.0 - distance):
        state[_HOLDING] = 0.0
        return SELL
    return NONE


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    atr = Feature(FeatureKind.ATR_SIMPLE, bars_of_days(params["atr_days"], step_ms))
    return (*channel_features(params, step_ms), atr)


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    spans = ("entry_days", "exit_days", "ema_exit_days", "atr_days")
    rest = ("entry_buffer_frac", "dd_base", "dd_k", "gain_weight", "dd_min", "dd_max")
    return np.array(
        [
            *(bars_of_days(params[name], step_ms) for name in spans),
            *(params[name] for name in rest),
        ],
        dtype=np.float64,
    )


DONCHIAN_CHAMPION_DYNAMIC = Strategy(
    name="donchian_champion_dynamic",
    title="Donchian champion, dynamic",
    summary="Donchian entries with a trail that widens with volatility and gain.",
    source="optimizer specification 10.4",
    params=(
        days_param("entry_days", 12.0, 2.0, 30.0),
        days_param("exit_days", 2.0, 0.25, 10.0),
        days_param("ema_exit_days", 3.0, 0.25, 15.0),
        share_param("dd_base", 0.13, 0.02, 0.5),
        Param("dd_k", "float", 0.62, 0.0, 3.0, "factor", allowed=(0.0, 100.0)),
        Param("gain_weight", "float", 0.10, 0.0, 0.5, "factor", allowed=(0.0, 10.0)),
        share_param("dd_min", 0.10, 0.02, 0.3),
        share_param("dd_max", 0.45, 0.3, 0.8),
        days_param("atr_days", 1.0, 0.1, 5.0),
        share_param("entry_buffer_frac", 0.0, 0.0, 0.05),
        # Published sets carry the parent's fixed trail; this system never reads it.
        replace(share_param("trailing_drawdown_pct", 0.0, 0.0, 0.0), is_read=False),
    ),
    two_sided=False,
    state_size=3,
    features=_features,
    kernel_params=_kernel_params,
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
