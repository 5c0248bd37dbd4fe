"""Tight trend follow: breakouts inside an ordered, rising stack of averages; out when it breaks.

Uptrend: close above the fast average, fast above mid, mid above slow, and fast rising. Flat: buy
when it holds and the close is at or above the entry channel's high. Long: sell when it no longer
holds, on the exit channel's low, or a share below the peak.

Source: reference specification of the optimizer, section 10.5.
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
    Params,
    Strategy,
)
from trading.signals.domain.strategies.systems.spans import bars_of_days, days_param, share_param

FAST, MID, SLOW, ENTRY, EXIT, TRAIL = range(6)  # of the kernel's parameters; windows in bars
_F_FAST, _F_MID, _F_SLOW, _F_HIGHEST, _F_LOWEST = range(5)
_HOLDING, _PEAK, _FAST_BEFORE, _HAS_BEFORE = range(4)


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    x = bar[CLOSE]
    fast = features[_F_FAST]
    is_rising = state[_HAS_BEFORE] == 1.0 and fast > state[_FAST_BEFORE]
    state[_FAST_BEFORE], state[_HAS_BEFORE] = fast, 1.0
    is_up = is_rising and x > fast and fast > features[_F_MID]
    is_up = is_up and features[_F_MID] > features[_F_SLOW]
    out[0] = out[1] = 1.0
    if state[_HOLDING] == 0.0:
        if not (is_up and x >= features[_F_HIGHEST]):
            return NONE
        state[_HOLDING], state[_PEAK] = 1.0, x
        return BUY
    state[_PEAK] = max(state[_PEAK], x)
    trail = params[TRAIL]
    is_trailed = trail > 0.0 and x <= state[_PEAK] * (1.0 - trail)
    if not is_up or x <= features[_F_LOWEST] or is_trailed:
        state[_HOLDING] = 0.0
        return SELL
    return NONE


_SPANS = ("ema_fast_days", "ema_mid_days", "ema_slow_days", "entry_days", "exit_days")
_KINDS = (
    FeatureKind.EMA,
    FeatureKind.EMA,
    FeatureKind.EMA,
    FeatureKind.PREV_MAX,
    FeatureKind.PREV_MIN,
)


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    pairs = zip(_KINDS, _SPANS, strict=True)
    return tuple(Feature(kind, bars_of_days(params[name], step_ms)) for kind, name in pairs)


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    spans = [bars_of_days(params[name], step_ms) for name in _SPANS]
    return np.array([*spans, params["trailing_drawdown_pct"]], dtype=np.float64)


TIGHT_TREND_FOLLOW = Strategy(
    name="tight_trend_follow",
    title="Tight trend follow",
    summary="Breakouts while three averages are stacked and rising.",
    source="optimizer specification 10.5",
    params=(
        days_param("ema_fast_days", 1.0, 0.1, 3.0),
        days_param("ema_mid_days", 3.0, 1.0, 8.0),
        days_param("ema_slow_days", 10.0, 4.0, 25.0),
        days_param("entry_days", 12.0, 2.0, 30.0),
        days_param("exit_days", 2.0, 0.25, 10.0),
        share_param("trailing_drawdown_pct", 0.25, 0.0, 0.6),
    ),
    two_sided=False,
    state_size=4,
    features=_features,
    kernel_params=_kernel_params,
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
