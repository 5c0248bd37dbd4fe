"""Reversal: the price turns after it was pushed to an extreme.

The trigger is armed when the RSI of log returns falls to ``extreme`` or below (for a buy; rises to
``100 - extreme`` for a sell). From then on the lowest low (highest high) is remembered. It fires
once, when the RSI has crossed 50 again and the close has come back far enough:

    excess = ln(close / extreme price) / (bounce * sigma * sqrt(rsi_period)) beyond 1 or -1

sigma is the deviation of one-bar log returns over ``baseline_hours``, the current bar excluded.
After it fired it must be armed anew.

Strength is ``1 - 2 ** -|excess|``. Confidence is the mean of how far from neutral the RSI had been
(0 at 50, 1 at 0 or 100) and how clearly the last half hour went back (sign test).

Source: reference specification platform 2.3 "reversal" (bounce off the low, RSI crossing 50).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, HIGH, LOW, FloatArray
from trading.signals.domain.strategies.base import (
    NONE,
    Feature,
    FeatureKind,
    Param,
    Params,
    Strategy,
    warm_bars,
)
from trading.signals.domain.strategies.triggers.scales import (
    BASELINE_HOURS,
    agreement_of,
    bars_of_hours,
    baseline_bars,
    strength_of,
)

_NEUTRAL = 50.0
_WILDER_SETTLES = 5  # periods until the smoothing has forgotten how it was seeded


@njit(cache=True)
def _arm(state: FloatArray, bar: FloatArray, lean: float, limit: float) -> None:
    # state: side armed, extreme price, largest lean of the RSI away from neutral
    if abs(lean) >= limit:
        side = 1.0 if lean < 0.0 else -1.0
        if state[0] != side:
            state[0], state[2] = side, 0.0
            state[1] = bar[LOW] if side > 0.0 else bar[HIGH]
    if state[0] > 0.0:
        state[1] = min(state[1], bar[LOW])
    elif state[0] < 0.0:
        state[1] = max(state[1], bar[HIGH])
    state[2] = max(state[2], -state[0] * lean)


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    sigma, lean = features[1], features[0] - _NEUTRAL
    _arm(state, bar, lean, params[0])
    if state[0] == 0.0 or not sigma > 0.0 or state[0] * lean < 0.0:
        return NONE
    excess = math.log(bar[CLOSE] / state[1]) / (sigma * params[1])
    if state[0] * excess < 1.0:
        return NONE
    side = 1 if state[0] > 0.0 else -1
    out[0] = strength_of(excess)
    out[1] = 0.5 * state[2] / _NEUTRAL + 0.5 * agreement_of(features[2], params[2], side)
    state[0] = state[2] = 0.0
    return side


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    return (
        Feature(FeatureKind.RSI_LOG, int(params["rsi_period"])),
        Feature(FeatureKind.PREV_RETURN_STD, baseline_bars(params["baseline_hours"], step_ms)),
        Feature(FeatureKind.UP_SHARE, bars_of_hours(0.5, step_ms, least=2)),
    )


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    return np.array(
        [
            _NEUTRAL - params["extreme"],
            params["bounce"] * math.sqrt(params["rsi_period"]),
            bars_of_hours(0.5, step_ms, least=2),
        ],
        dtype=np.float64,
    )


def _min_bars(params: Params, step_ms: int) -> int:
    settled = _WILDER_SETTLES * int(params["rsi_period"]) + 1
    return max(settled, *map(warm_bars, _features(params, step_ms)))


REVERSAL = Strategy(
    name="reversal",
    title="Reversal",
    summary="Joins the turn after the price was pushed to an extreme.",
    source="platform specification 2.3",
    params=(
        Param("rsi_period", "int", 14, 5, 60, "bars"),
        Param("extreme", "float", 30.0, 10.0, 45.0, "RSI points"),
        Param("bounce", "float", 0.75, 0.1, 4.0, "deviations"),
        BASELINE_HOURS,
    ),
    two_sided=True,
    state_size=3,
    features=_features,
    kernel_params=_kernel_params,
    min_bars=_min_bars,
    decide=_decide,
)
