"""Momentum: the return over many hours is large for the pair's own volatility.

    excess = ln(close / close n bars ago) / (threshold * sigma * sqrt(n)),  n = lookback_hours

sigma is the deviation of one-bar log returns over ``baseline_hours``, the current bar excluded. A
trigger fires when the excess leaves -1..1, once per excursion: it must fall below ``release`` or
change side before the next one.

Strength is ``1 - 2 ** -|excess|``. Confidence is how clearly the bars of the later half of the
lookback went that way (sign test): a move made of one jump convinces less than a steady one.

Source: reference specification platform 2.3 "momentum", signed and in deviations instead of 2 %.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from trading.market.domain.bars import FloatArray
from trading.signals.domain.strategies.base import (
    NONE,
    Feature,
    FeatureKind,
    Param,
    Params,
    Strategy,
    until_warm,
)
from trading.signals.domain.strategies.triggers.scales import (
    BASELINE_HOURS,
    RELEASE,
    agreement_of,
    bars_of_hours,
    baseline_bars,
    excursion_side,
    strength_of,
)


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    sigma = features[1]
    if not sigma > 0.0:
        return NONE
    excess = features[0] / (sigma * params[0])
    side = excursion_side(state, excess, params[1])
    if side != NONE:
        out[0] = strength_of(excess)
        out[1] = agreement_of(features[2], params[2], side)
    return side


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    lookback = bars_of_hours(params["lookback_hours"], step_ms, least=2)
    return (
        Feature(FeatureKind.LOG_RETURN, lookback),
        Feature(FeatureKind.PREV_RETURN_STD, baseline_bars(params["baseline_hours"], step_ms)),
        Feature(FeatureKind.UP_SHARE, lookback // 2),
    )


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    lookback = bars_of_hours(params["lookback_hours"], step_ms, least=2)
    return np.array(
        [params["threshold"] * math.sqrt(lookback), params["release"], lookback // 2],
        dtype=np.float64,
    )


MOMENTUM = Strategy(
    name="momentum",
    title="Momentum",
    summary="Follows a many-hour return that is large for the pair's own volatility.",
    source="platform specification 2.3",
    params=(
        Param("lookback_hours", "float", 4.0, 1.0, 168.0, "h", log=True),
        Param("threshold", "float", 1.25, 0.5, 5.0, "deviations"),
        BASELINE_HOURS,
        RELEASE,
    ),
    two_sided=True,
    state_size=1,
    features=_features,
    kernel_params=_kernel_params,
    min_bars=until_warm(_features),
    decide=_decide,
)
