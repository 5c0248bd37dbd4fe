"""Trailing hold: buy the first bar, leave for good once the close fell far below its peak.

Source: reference specification of the optimizer, section 10.2 (the original object kept its state
between runs; here every run starts afresh).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, FloatArray
from trading.signals.domain.strategies.base import BUY, NONE, SELL, Param, Strategy


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    # state: 0 before the buy, 1 holding, 2 left for good; peak close
    x = bar[CLOSE]
    if state[0] == 2.0:
        return NONE
    out[0] = out[1] = 1.0
    if state[0] == 0.0:
        state[0], state[1] = 1.0, x
        return BUY
    state[1] = max(state[1], x)
    if x <= state[1] * (1.0 - params[0]):
        state[0] = 2.0
        return SELL
    return NONE


TRAILING_HOLD = Strategy(
    name="trailing_hold",
    title="Trailing hold",
    summary="Buys once, sells for good when the close drops a share below its peak.",
    source="optimizer specification 10.2",
    params=(
        Param(
            "trail_drawdown_pct",
            "float",
            0.80,
            0.10,
            0.95,
            "of price",
            # At 0 the peak itself would be an exit, on the bar of the entry.
            allowed=(1e-9, 1.0),
            aliases=("trail",),
        ),
    ),
    two_sided=False,
    state_size=2,
    features=lambda params, step_ms: (),
    kernel_params=lambda params, step_ms: np.array([params["trail_drawdown_pct"]]),
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
