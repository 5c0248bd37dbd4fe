"""Multi-week breakout: strictly above weeks of closes, with volume, regime and recovery behind it.

Flat: buy when the close is strictly above the breakout and the confirmation window, the volume is
at least a multiple of its mean (passes while that is undefined or 0), the fast average is above
the slow one and not falling, the close has recovered from the recovery low, and it is not deep
below the short-term high. Long: after ``min_hold_bars`` sell strictly below the exit window; the
trail below the peak counts from the first bar.

Source: reference specification of the optimizer, section 10.6.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, VOLUME, FloatArray
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
from trading.signals.domain.strategies.systems.ties import reaches

# Of the kernel's parameters. The first seven are shared with the variant without a regime.
LOOKBACK, CONFIRM, EXIT, VOLUME_WINDOW, VOLUME_MULTIPLE, MIN_HOLD, TRAIL = range(7)
FAST, SLOW, SLOPE_MIN, RECOVERY, RECOVERY_MIN, SHORT, SHORT_LIMIT = range(7, 14)
_F_BREAK, _F_CONFIRM, _F_EXIT, _F_VOLUME, _F_FAST, _F_SLOW, _F_RECOVERY, _F_SHORT = range(8)
_HOLDING, _PEAK, _AGE, _FAST_BEFORE, _HAS_BEFORE = range(5)


@njit(cache=True)
def breakout_step(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, is_regime: bool
) -> int:
    """Return the decision of one bar; ``is_regime`` says whether the outer filters allow a buy."""
    x = bar[CLOSE]
    if np.isnan(features[_F_BREAK]) or np.isnan(features[_F_CONFIRM]):
        return NONE
    if state[_HOLDING] == 0.0:
        mean = features[_F_VOLUME]
        is_loud = not mean > 0.0 or reaches(bar[VOLUME], mean * params[VOLUME_MULTIPLE])
        is_break = x > features[_F_BREAK] and x > features[_F_CONFIRM]
        if not (is_regime and is_loud and is_break):
            return NONE
        state[_HOLDING], state[_PEAK], state[_AGE] = 1.0, x, 0.0
        return BUY
    state[_PEAK] = max(state[_PEAK], x)
    state[_AGE] += 1.0
    is_down = state[_AGE] >= params[MIN_HOLD] and x < features[_F_EXIT]
    if is_down or x <= state[_PEAK] * (1.0 - params[TRAIL]):
        state[_HOLDING] = 0.0
        return SELL
    return NONE


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    x = bar[CLOSE]
    fast = features[_F_FAST]
    is_regime = state[_HAS_BEFORE] == 1.0 and fast - state[_FAST_BEFORE] >= params[SLOPE_MIN]
    is_regime = is_regime and fast > features[_F_SLOW]
    state[_FAST_BEFORE], state[_HAS_BEFORE] = fast, 1.0
    # An undefined low or high fails the comparison, as it must.
    is_regime = is_regime and x / features[_F_RECOVERY] >= params[RECOVERY_MIN]
    is_regime = is_regime and x / features[_F_SHORT] - 1.0 >= params[SHORT_LIMIT]
    out[0] = out[1] = 1.0
    return breakout_step(bar, features, params, state, is_regime)


def breakout_features(params: Params) -> tuple[Feature, ...]:
    """Return the features both multi-week systems read, windows in bars."""
    return (
        Feature(FeatureKind.PREV_MAX, int(params["lookback_breakout"])),
        Feature(FeatureKind.PREV_MAX, int(params["confirmation_window"])),
        Feature(FeatureKind.PREV_MIN, int(params["exit_lookback"])),
        Feature(FeatureKind.SMA, int(params["volume_window"]), VOLUME),
    )


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    return (
        *breakout_features(params),
        Feature(FeatureKind.EMA, int(params["regime_fast_ema"])),
        Feature(FeatureKind.EMA, int(params["regime_slow_ema"])),
        Feature(FeatureKind.ROLLING_MIN, int(params["recovery_window"])),
        Feature(FeatureKind.ROLLING_MAX, int(params["short_drawdown_window"])),
    )


BREAKOUT_NAMES = (
    "lookback_breakout",
    "confirmation_window",
    "exit_lookback",
    "volume_window",
    "volume_multiplier",
    "min_hold_bars",
    "trail_drawdown_pct",
)
_NAMES = (
    *BREAKOUT_NAMES,
    "regime_fast_ema",
    "regime_slow_ema",
    "regime_slope_min",
    "recovery_window",
    "recovery_drawup_threshold",
    "short_drawdown_window",
    "short_drawdown_limit",
)

MULTI_WEEK_BREAKOUT = Strategy(
    name="multi_week_breakout",
    title="Multi-week breakout",
    summary="Rare breakouts above weeks of closes, with volume and regime.",
    source="optimizer specification 10.6",
    params=(
        window_param("lookback_breakout", 7200, 1000, 20_000),
        window_param("confirmation_window", 576, 144, 2304),
        window_param("exit_lookback", 576, 144, 2304),
        share_param("trail_drawdown_pct", 0.26, 0.05, 0.6),
        window_param("min_hold_bars", 2304, 0, 6000, least=0),
        window_param("volume_window", 576, 144, 2304),
        Param("volume_multiplier", "float", 1.1, 0.2, 4.0, "factor", allowed=(0.0, 100.0)),
        window_param("regime_fast_ema", 288, 72, 700),
        window_param("regime_slow_ema", 1440, 720, 4000),
        # The reference states it in quote, so no range is sane for every price: not searched.
        Param("regime_slope_min", "float", 0.0, 0.0, 0.0, "quote per bar", allowed=(-1e9, 1e9)),
        window_param("recovery_window", 2880, 576, 6000),
        Param("recovery_drawup_threshold", "float", 1.1, 1.0, 2.0, "factor", allowed=(0.0, 100.0)),
        window_param("short_drawdown_window", 2016, 288, 6000),
        Param("short_drawdown_limit", "float", -0.7, -0.9, -0.05, "of price", allowed=(-1.0, 1.0)),
    ),
    two_sided=False,
    state_size=5,
    features=_features,
    kernel_params=lambda params, step_ms: np.array([float(params[name]) for name in _NAMES]),
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
