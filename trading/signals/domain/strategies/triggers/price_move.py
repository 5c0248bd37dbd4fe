"""Price move: a quick move, over a quarter of an hour or an hour, that is large for this pair.

    z(n) = ln(close / close n bars ago) / (sigma * sqrt(n))
    excess = the larger in size of z(15 min) / threshold_15m and z(60 min) / threshold_60m

sigma is the deviation of one-bar log returns over ``baseline_hours``, the current bar excluded. A
trigger fires when the excess leaves -1..1, once per excursion: it must fall below ``release`` or
change side before the next one.

Strength is ``1 - 2 ** -|excess|``. Confidence is the mean of how clearly the bars of the last hour
went that way (sign test) and how far the other horizon agrees (0 to 1).

Source: reference specification platform 2.3 "price_move", with signed moves and true horizons.
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
    share_of,
    strength_of,
)

_SHORT_HOURS, _LONG_HOURS = 0.25, 1.0


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    sigma = features[2]
    if not sigma > 0.0:
        return NONE
    short = features[0] / (sigma * params[0])
    long = features[1] / (sigma * params[1])
    excess, other = (short, long) if abs(short) >= abs(long) else (long, short)
    side = excursion_side(state, excess, params[2])
    if side != NONE:
        out[0] = strength_of(excess)
        agreement = agreement_of(features[3], params[3], side)
        out[1] = 0.5 * agreement + 0.5 * share_of(side * other)
    return side


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    hour = bars_of_hours(_LONG_HOURS, step_ms)
    return (
        Feature(FeatureKind.LOG_RETURN, bars_of_hours(_SHORT_HOURS, step_ms)),
        Feature(FeatureKind.LOG_RETURN, hour),
        Feature(FeatureKind.PREV_RETURN_STD, baseline_bars(params["baseline_hours"], step_ms)),
        Feature(FeatureKind.UP_SHARE, hour),
    )


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    hour = bars_of_hours(_LONG_HOURS, step_ms)
    return np.array(
        [
            params["threshold_15m"] * math.sqrt(bars_of_hours(_SHORT_HOURS, step_ms)),
            params["threshold_60m"] * math.sqrt(hour),
            params["release"],
            hour,
        ],
        dtype=np.float64,
    )


PRICE_MOVE = Strategy(
    name="price_move",
    title="Price move",
    summary="Follows a move over 15 or 60 minutes that is large for the pair's own volatility.",
    source="platform specification 2.3",
    params=(
        Param("threshold_15m", "float", 2.5, 1.0, 8.0, "deviations"),
        Param("threshold_60m", "float", 2.25, 1.0, 8.0, "deviations"),
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
