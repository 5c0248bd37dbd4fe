"""Hybrid V2: ride breakouts in an uptrend, buy deep drops outside of one.

Uptrend: fast average above the slow one by at least ``gap_min`` of it and above its own value half
a fast period ago, with a full breakout window. Breakout entry: in an uptrend, close at or above
the highest high of ``n_break`` bars (its own included), sold on the trail below the peak. Reversion
entry: outside, ``entry_drop`` below the simple average with a low simple RSI, sold at a target that
rises with the z-score, or at the average once held ``max_hold_bars``.

Source: reference specification of the optimizer, section 10.9.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, HIGH, FloatArray
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
N_SMA, RSI, FAST, SLOW, N_BREAK, LAG, MAX_HOLD = range(7)
ENTRY_DROP, RSI_MAX, BASE_EXIT, Z_MULT, EXIT_CAP, GAP_MIN, TRAIL = range(7, 14)
_F_SMA, _F_STD, _F_RSI, _F_FAST, _F_SLOW, _F_HIGH = range(6)
_MODE, _PEAK, _AGE, _SEEN = range(4)  # of the state; mode 0 flat, 1 breakout, 2 reversion
_RING: Final = 4  # the fast averages of the last LAG bars follow
_MAX_FAST: Final = 4000  # bars; bounds the ring
_FLAT: Final = 3e-10  # of the average, see the simple RSI: the deviation of a flat window


@njit(cache=True)
def exit_target(params: FloatArray, sma: float, std: float, x: float) -> float:
    """Return the price at which a reversion is sold."""
    z = max(0.0, (x - sma) / (std + _FLAT * sma))
    base = params[BASE_EXIT]
    return float(sma * (1.0 + base + min(params[EXIT_CAP] - base, params[Z_MULT] * z)))


@njit(cache=True)
def is_stacked(params: FloatArray, fast: float, slow: float, fast_before: float) -> bool:
    """Return whether the averages say uptrend; NaN for the earlier one says no."""
    gap = (fast - slow) / slow
    return bool(fast > slow and fast - fast_before > 0.0 and gap >= params[GAP_MIN])


@njit(cache=True)
def _swap_fast(params: FloatArray, state: FloatArray, fast: float) -> float:
    lag, seen = int(params[LAG]), int(state[_SEEN])
    slot = _RING + seen % lag
    before = state[slot] if seen >= lag else np.nan
    state[slot] = fast
    state[_SEEN] = seen + 1.0
    return float(before)


@njit(cache=True)
def _is_exit(x: float, features: FloatArray, params: FloatArray, state: FloatArray) -> bool:
    state[_PEAK] = max(state[_PEAK], x)
    state[_AGE] += 1.0
    if state[_MODE] == 1.0:
        return bool(params[TRAIL] > 0.0 and x <= state[_PEAK] * (1.0 - params[TRAIL]))
    sma = features[_F_SMA]
    is_late = state[_AGE] >= params[MAX_HOLD] and reaches(x, sma)
    return bool(is_late or reaches(x, exit_target(params, sma, features[_F_STD], x)))


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    fast = features[_F_FAST]
    before = _swap_fast(params, state, fast)
    sma, x = features[_F_SMA], bar[CLOSE]
    if np.isnan(sma):
        return NONE
    out[0] = out[1] = 1.0
    if state[_MODE] != 0.0:
        if not _is_exit(x, features, params, state):
            return NONE
        state[_MODE] = 0.0
        return SELL
    is_up = is_stacked(params, fast, features[_F_SLOW], before) and not np.isnan(features[_F_HIGH])
    is_dip = sinks_to(x, sma * (1.0 - params[ENTRY_DROP]))
    is_dip = is_dip and features[_F_RSI] <= params[RSI_MAX]
    if is_up and x >= features[_F_HIGH]:
        state[_MODE] = 1.0
    elif not is_up and is_dip:
        state[_MODE] = 2.0
    else:
        return NONE
    state[_PEAK], state[_AGE] = x, 0.0
    return BUY


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    return (
        Feature(FeatureKind.SMA, int(params["n_sma"])),
        Feature(FeatureKind.STD, int(params["n_sma"])),
        Feature(FeatureKind.RSI_SIMPLE, int(params["rsi_period"])),
        Feature(FeatureKind.EMA, int(params["ema_fast"])),
        Feature(FeatureKind.EMA, int(params["ema_slow"])),
        Feature(FeatureKind.ROLLING_MAX, int(params["n_break"]), HIGH),
    )


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    lag = max(2, int(params["ema_fast"]) // 2)
    windows = [params[name] for name in ("n_sma", "rsi_period", "ema_fast", "ema_slow", "n_break")]
    rest = ("entry_drop", "rsi_max", "base_exit_up", "z_mult", "exit_cap", "gap_min")
    return np.array(
        [
            *windows,
            lag,
            params["max_hold_bars"],
            *(params[name] for name in rest),
            params["trail_uptrend"],
        ],
        dtype=np.float64,
    )


HYBRID_V2 = Strategy(
    name="hybrid_v2",
    title="Hybrid V2",
    summary="Breakouts in uptrends, deep-drop reversion outside of them.",
    source="optimizer specification 10.9",
    params=(
        window_param("n_sma", 576, 96, 2304),
        share_param("entry_drop", 0.25, 0.05, 0.5),
        window_param("rsi_period", 14, 5, 50),
        Param("rsi_max", "float", 30.0, 10.0, 48.0, "0 to 100", allowed=(0.0, 100.0)),
        Param("base_exit_up", "float", 0.05, 0.0, 0.3, "of average", allowed=(-1.0, 10.0)),
        Param("z_mult", "float", 0.03, 0.0, 0.2, "factor", allowed=(0.0, 100.0)),
        Param("exit_cap", "float", 0.20, 0.05, 0.6, "of average", allowed=(-1.0, 10.0)),
        window_param("max_hold_bars", 720, 96, 6000, least=0),
        Param("ema_fast", "int", 96, 12, 576, "bars", allowed=(1, _MAX_FAST)),
        window_param("ema_slow", 288, 96, 2304),
        Param("gap_min", "float", 0.012, 0.0, 0.1, "of slow average", allowed=(-1.0, 10.0)),
        window_param("n_break", 96, 12, 2016),
        share_param("trail_uptrend", 0.22, 0.05, 0.6),
    ),
    two_sided=False,
    state_size=_RING + _MAX_FAST // 2,
    features=_features,
    kernel_params=_kernel_params,
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
