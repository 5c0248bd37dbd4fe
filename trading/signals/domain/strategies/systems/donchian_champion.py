"""Donchian champion: enter on the high of many days, leave on a short low below the average.

Flat: buy when the close is at or above the highest of the ``entry_days`` closes before it. Long:
sell when the close is at or below the lowest of the ``exit_days`` closes before it and below the
exponential average, or a share below the peak since entry. Bars without a full entry window are
skipped. The aggressive variant differs in its default trail only.

Source: reference specification of the optimizer, section 10.3.
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
    Params,
    Strategy,
)
from trading.signals.domain.strategies.systems.spans import bars_of_days, days_param, share_param

ENTRY, EXIT, EMA, TRAIL = range(4)  # of the kernel's parameters; windows in bars
HIGHEST, LOWEST, AVERAGE = range(3)  # of the features
_HOLDING: Final = 0
_PEAK: Final = 1


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    x = bar[CLOSE]
    if np.isnan(features[HIGHEST]):
        return NONE
    out[0] = out[1] = 1.0
    if state[_HOLDING] == 0.0:
        if x < features[HIGHEST]:
            return NONE
        state[_HOLDING], state[_PEAK] = 1.0, x
        return BUY
    state[_PEAK] = max(state[_PEAK], x)
    is_low = x <= features[LOWEST] and x < features[AVERAGE]
    trail = params[TRAIL]
    if is_low or (trail > 0.0 and x <= state[_PEAK] * (1.0 - trail)):
        state[_HOLDING] = 0.0
        return SELL
    return NONE


def channel_features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    """Return the channel's high, low and exit average, the features of all Donchian systems."""
    return (
        Feature(FeatureKind.PREV_MAX, bars_of_days(params["entry_days"], step_ms)),
        Feature(FeatureKind.PREV_MIN, bars_of_days(params["exit_days"], step_ms)),
        Feature(FeatureKind.EMA, bars_of_days(params["ema_exit_days"], step_ms)),
    )


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    return np.array(
        [
            bars_of_days(params["entry_days"], step_ms),
            bars_of_days(params["exit_days"], step_ms),
            bars_of_days(params["ema_exit_days"], step_ms),
            params["trailing_drawdown_pct"],
        ],
        dtype=np.float64,
    )


DONCHIAN_CHAMPION = Strategy(
    name="donchian_champion",
    title="Donchian champion",
    summary="Buys many-day highs, sells short lows below the average.",
    source="optimizer specification 10.3",
    params=(
        days_param("entry_days", 11.0, 2.0, 30.0),
        days_param("exit_days", 2.0, 0.25, 10.0),
        days_param("ema_exit_days", 3.0, 0.25, 15.0),
        share_param("trailing_drawdown_pct", 0.0, 0.0, 0.6),
    ),
    two_sided=False,
    state_size=2,
    features=channel_features,
    kernel_params=_kernel_params,
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)

DONCHIAN_CHAMPION_AGGRESSIVE = replace(
    DONCHIAN_CHAMPION,
    name="donchian_champion_aggressive",
    title="Donchian champion, aggressive",
    summary="The Donchian champion with a 20 % trailing exit.",
    params=(
        *DONCHIAN_CHAMPION.params[:3],
        share_param("trailing_drawdown_pct", 0.20, 0.02, 0.6),
    ),
)
