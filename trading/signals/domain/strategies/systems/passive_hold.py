"""Passive hold: buy the first bar and never sell. The baseline every other system must beat.

Source: reference specification of the optimizer, section 10.1.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from trading.market.domain.bars import FloatArray
from trading.signals.domain.strategies.base import BUY, NONE, Strategy


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    if state[0] == 0.0:
        state[0] = 1.0
        out[0] = out[1] = 1.0
        return BUY
    return NONE


PASSIVE_HOLD = Strategy(
    name="passive_hold",
    title="Passive hold",
    summary="Buys once, holds to the end.",
    source="optimizer specification 10.1",
    params=(),
    two_sided=False,
    state_size=1,
    features=lambda params, step_ms: (),
    kernel_params=lambda params, step_ms: np.empty(0),
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
