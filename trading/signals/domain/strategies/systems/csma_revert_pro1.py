"""CSMA revert Pro1: buy only the aftermath of a crash, hold at least a day, rest five days.

Flat and ``cooldown_bars`` after the last exit: buy when the simple mean true range is at least
``atr_min_norm`` of the close, the close is ``crash_drawdown`` below its ``crash_window`` high and
``entry_drop`` below the simple average, and the recursive RSI is at most ``rsi_max``. Long: once
held ``min_hold_bars``, sell at ``exit_up`` above the average, at ``rsi_exit``, or on the trail. RSI
is 50 while undefined, which includes a market without a single loss so far.

Source: reference specification of the optimizer, section 10.10 (no verified reference results).
"""

from __future__ import annotations

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
from trading.signals.domain.strategies.systems.spans import share_param, window_param
from trading.signals.domain.strategies.systems.ties import reaches, sinks_to

# Of the kernel's parameters; windows in bars.
N_SMA, RSI, ATR, CRASH, COOLDOWN, MIN_HOLD = range(6)
ENTRY_DROP, EXIT_UP, RSI_MAX, RSI_EXIT, ATR_MIN, CRASH_MAX, TRAIL = range(6, 13)
_F_SMA, _F_ATR, _F_MAX = range(3)
_HOLDING, _PEAK, _AGE, _RESTED, _SEEN, _CLOSE, _GAIN, _LOSS = range(8)


@njit(cache=True)
def rsi_value(gain: float, loss: float) -> float:
    """Return the index of two smoothed sizes, 0 to 100; 50 where nothing was ever lost."""
    return 50.0 if loss == 0.0 else 100.0 - 100.0 / (1.0 + gain / loss)


@njit(cache=True)
def _advance_rsi(params: FloatArray, state: FloatArray, x: float) -> float:
    change = x - state[_CLOSE]
    if state[_SEEN] == 1.0:
        state[_GAIN], state[_LOSS] = max(change, 0.0), max(-change, 0.0)
    elif state[_SEEN] > 1.0:
        alpha = 1.0 / params[RSI]
        state[_GAIN] += alpha * (max(change, 0.0) - state[_GAIN])
        state[_LOSS] += alpha * (max(-change, 0.0) - state[_LOSS])
    state[_CLOSE] = x
    state[_SEEN] += 1.0
    return float(rsi_value(state[_GAIN], state[_LOSS]))


@njit(cache=True)
def _is_entry(x: float, rsi: float, features: FloatArray, params: FloatArray) -> bool:
    # Undefined range or high fails its comparison.
    is_wild = features[_F_ATR] / x >= params[ATR_MIN]
    is_crashed = x / features[_F_MAX] - 1.0 <= params[CRASH_MAX]
    is_low = sinks_to(x, features[_F_SMA] * (1.0 - params[ENTRY_DROP])) and rsi <= params[RSI_MAX]
    return bool(is_wild and is_crashed and is_low)


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    x = bar[CLOSE]
    rsi = _advance_rsi(params, state, x)
    # _RESTED counts the bars since the last exit, 0 for never sold.
    if state[_RESTED] > 0.0:
        state[_RESTED] += 1.0
    if state[_HOLDING] == 1.0:
        state[_AGE] += 1.0
    if np.isnan(features[_F_SMA]):
        return NONE
    out[0] = out[1] = 1.0
    if state[_HOLDING] == 0.0:
        is_rested = state[_RESTED] == 0.0 or state[_RESTED] - 1.0 >= params[COOLDOWN]
        if not (is_rested and _is_entry(x, rsi, features, params)):
            return NONE
        state[_HOLDING], state[_PEAK], state[_AGE] = 1.0, x, 0.0
        return BUY
    state[_PEAK] = max(state[_PEAK], x)
    is_target = reaches(x, features[_F_SMA] * (1.0 + params[EXIT_UP]))
    is_target = is_target or rsi >= params[RSI_EXIT]
    is_trailed = x <= state[_PEAK] * (1.0 - params[TRAIL])
    if state[_AGE] < params[MIN_HOLD] or not (is_target or is_trailed):
        return NONE
    state[_HOLDING], state[_RESTED] = 0.0, 1.0
    return SELL


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    return (
        Feature(FeatureKind.SMA, int(params["n_sma"])),
        Feature(FeatureKind.ATR_SIMPLE, int(params["atr_window"])),
        Feature(FeatureKind.ROLLING_MAX, int(params["crash_window"])),
    )


_NAMES = (
    "n_sma",
    "rsi_period",
    "atr_window",
    "crash_window",
    "cooldown_bars",
    "min_hold_bars",
    "entry_drop",
    "exit_up",
    "rsi_max",
    "rsi_exit",
    "atr_min_norm",
    "crash_drawdown",
    "trail_pct",
)

CSMA_REVERT_PRO1 = Strategy(
    name="csma_revert_pro1",
    title="CSMA revert Pro1",
    summary="Buys the aftermath of crashes, rarely, and holds at least a day.",
    source="optimizer specification 10.10",
    params=(
        window_param("n_sma", 576, 96, 2304),
        share_param("entry_drop", 0.30, 0.05, 0.6),
        Param("exit_up", "float", 0.07, 0.0, 0.3, "of average", allowed=(-1.0, 10.0)),
        Param("rsi_period", "int", 21, 5, 50, "bars", allowed=(1, 100_000), aliases=("rsi",)),
        Param("rsi_max", "float", 35.0, 16.0, 48.0, "0 to 100", allowed=(0.0, 100.0)),
        Param("rsi_exit", "float", 65.0, 50.0, 90.0, "0 to 100", allowed=(0.0, 100.0)),
        window_param("atr_window", 288, 48, 1152),
        share_param("atr_min_norm", 0.015, 0.0, 0.05),
        window_param("crash_window", 2880, 576, 8640),
        # The reference's search writes shares just above 0 here: then every bar is a crash.
        Param("crash_drawdown", "float", -0.65, -0.9, -0.1, "of price", allowed=(-1.0, 1.0)),
        Param(
            "trail_pct",
            "float",
            0.20,
            0.05,
            0.6,
            "of price",
            allowed=(0.0, 1.0),
            aliases=("trail",),
        ),
        Param(
            "cooldown_bars",
            "int",
            1440,
            0,
            4320,
            "bars",
            allowed=(0, 100_000),
            aliases=("cooldown",),
        ),
        Param(
            "min_hold_bars",
            "int",
            288,
            0,
            2016,
            "bars",
            allowed=(0, 100_000),
            aliases=("min_hold",),
        ),
    ),
    two_sided=False,
    state_size=8,
    features=_features,
    kernel_params=lambda params, step_ms: np.array([float(params[name]) for name in _NAMES]),
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
