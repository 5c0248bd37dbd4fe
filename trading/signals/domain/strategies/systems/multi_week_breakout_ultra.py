"""Multi-week breakout, ultra: eight weeks of closes and volume, no regime or recovery filter.

Source: reference specification of the optimizer, section 10.7.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from trading.market.domain.bars import FloatArray
from trading.signals.domain.strategies.base import Param, Strategy
from trading.signals.domain.strategies.systems.multi_week_breakout import (
    BREAKOUT_NAMES,
    breakout_features,
    breakout_step,
)
from trading.signals.domain.strategies.systems.spans import share_param, window_param


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    out[0] = out[1] = 1.0
    return breakout_step(bar, features, params, state, True)


MULTI_WEEK_BREAKOUT_ULTRA = Strategy(
    name="multi_week_breakout_ultra",
    title="Multi-week breakout, ultra",
    summary="Breakouts above eight weeks of closes, with volume only.",
    source="optimizer specification 10.7",
    params=(
        window_param("lookback_breakout", 16_128, 4000, 32_256),
        window_param("confirmation_window", 1152, 288, 4608),
        window_param("exit_lookback", 1152, 288, 4608),
        window_param("volume_window", 1152, 288, 4608),
        Param("volume_multiplier", "float", 1.25, 0.25, 4.0, "factor", allowed=(0.0, 100.0)),
        share_param("trail_drawdown_pct", 0.28, 0.05, 0.6),
        window_param("min_hold_bars", 2304, 0, 6000, least=0),
    ),
    two_sided=False,
    state_size=3,
    features=lambda params, step_ms: breakout_features(params),
    kernel_params=lambda params, step_ms: np.array(
        [float(params[name]) for name in BREAKOUT_NAMES]
    ),
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
