"""CSMA revert: buy a deep drop below the average while oversold, sell above it or on a raised stop.

Flat: buy when the close is ``entry_drop`` below its simple average and the simple RSI is at most
``rsi_max``. Long: while the close is at or above the average, a stop ``atr_mult`` mean absolute
changes below the peak is raised (never lowered); sell at ``exit_up`` above the average, else at or
below the stop. Bars without average or RSI are skipped.

Source: reference specification of the optimizer, section 10.8 (the version behind the reports).
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
N_SMA, RSI, ATR, ENTRY_DROP, EXIT_UP, RSI_MAX, ATR_MULT, ATR_FLOOR = range(8)
F_SMA, F_RSI, F_ATR = range(3)  # of the features
HOLDING, PEAK, STOP = range(3)  # of the state; the stop is NaN until raised


@njit(cache=True)
def is_dip(x: float, features: FloatArray, params: FloatArray) -> bool:
    """Return whether the close is far enough below its average, and oversold."""
    is_low = sinks_to(x, features[F_SMA] * (1.0 - params[ENTRY_DROP]))
    return bool(is_low and features[F_RSI] <= params[RSI_MAX])


@njit(cache=True)
def is_exit(x: float, features: FloatArray, params: FloatArray, state: FloatArray) -> bool:
    """Raise the stop, then return whether the target or the stop is reached."""
    state[PEAK] = max(state[PEAK], x)
    sma, mean_change = features[F_SMA], features[F_ATR]
    atr = max(0.0 if np.isnan(mean_change) else mean_change, x * params[ATR_FLOOR])
    if atr > 0.0 and reaches(x, sma):
        candidate = max(0.0, min(x, state[PEAK] - params[ATR_MULT] * atr))
        state[STOP] = candidate if np.isnan(state[STOP]) else max(state[STOP], candidate)
    return bool(reaches(x, sma * (1.0 + params[EXIT_UP])) or x <= state[STOP])


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    x = bar[CLOSE]
    if np.isnan(features[F_SMA]) or np.isnan(features[F_RSI]):
        return NONE
    out[0] = out[1] = 1.0
    if state[HOLDING] == 0.0:
        if not is_dip(x, features, params):
            return NONE
        state[HOLDING], state[PEAK], state[STOP] = 1.0, x, np.nan
        return BUY
    if not is_exit(x, features, params, state):
        return NONE
    state[HOLDING] = 0.0
    return SELL


REVERT_NAMES = (
    "n_sma",
    "rsi_period",
    "atr_period",
    "entry_drop",
    "exit_up",
    "rsi_max",
    "atr_mult",
    "atr_floor_pct",
)
REVERT_PARAMS = (
    window_param("n_sma", 576, 96, 2304),
    share_param("entry_drop", 0.25, 0.05, 0.5),
    Param("exit_up", "float", 0.048, 0.0, 0.3, "of average", allowed=(-1.0, 10.0)),
    window_param("rsi_period", 14, 5, 50),
    Param("rsi_max", "float", 32.0, 16.0, 48.0, "0 to 100", allowed=(0.0, 100.0)),
    window_param("atr_period", 48, 5, 288),
    Param("atr_mult", "float", 1.8, 0.5, 6.0, "factor", allowed=(0.0, 1000.0)),
    # Published sets go up to 1, where the stop is always 0.
    share_param("atr_floor_pct", 0.003, 0.0, 0.05),
)


def revert_features(params: Params, atr: FeatureKind) -> tuple[Feature, ...]:
    """Return average, RSI and volatility, the features of both reverting systems."""
    return (
        Feature(FeatureKind.SMA, int(params["n_sma"])),
        Feature(FeatureKind.RSI_SIMPLE, int(params["rsi_period"])),
        Feature(atr, int(params["atr_period"])),
    )


CSMA_REVERT = Strategy(
    name="csma_revert",
    title="CSMA revert",
    summary="Buys deep drops below the average, sells the return above it.",
    source="optimizer specification 10.8",
    params=REVERT_PARAMS,
    two_sided=False,
    state_size=3,
    features=lambda params, step_ms: revert_features(params, FeatureKind.MEAN_ABS_CHANGE),
    kernel_params=lambda params, step_ms: np.array([float(params[n]) for n in REVERT_NAMES]),
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
