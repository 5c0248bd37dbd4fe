"""Breakout: the close leaves the range of the last hours by a margin.

    excess = ln(close / highest high before) / (buffer * sigma) above the range,
             ln(close / lowest low before) / (buffer * sigma) below it, 0 inside

The range spans ``lookback_hours`` and excludes the current bar, as does sigma, the deviation of
one-bar log returns over ``baseline_hours``. A trigger fires when the excess leaves -1..1, once per
excursion: the close must come back to the (geometric) middle of the range, or break out on the
other side, before the next one.

Strength is ``1 - 2 ** -|excess|``. Confidence is the mean of how clearly the bars of the last hour
went that way (sign test) and the bar's volume as a share of twice its mean before (at most 1).

Source: reference specification platform 2.3 "breakout", with a margin in place of a fixed 0.995.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, HIGH, LOW, VOLUME, FloatArray
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
    agreement_of,
    bars_of_hours,
    baseline_bars,
    excursion_side,
    share_of,
    strength_of,
)


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    sigma = features[2]
    if not sigma > 0.0:
        return NONE
    above = math.log(bar[CLOSE] / features[0])
    below = math.log(bar[CLOSE] / features[1])
    if state[0] * (above + below) <= 0.0:
        state[0] = 0.0  # back at the middle, where both distances are equal
    excess = (max(above, 0.0) + min(below, 0.0)) / (params[0] * sigma)
    side = excursion_side(state, excess, 0.0)
    if side != NONE:
        mean_volume = features[4]
        share = bar[VOLUME] / (2.0 * mean_volume) if mean_volume > 0.0 else 0.0
        out[0] = strength_of(excess)
        out[1] = 0.5 * agreement_of(features[3], params[1], side) + 0.5 * share_of(share)
    return side


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    lookback = bars_of_hours(params["lookback_hours"], step_ms, least=2)
    baseline = baseline_bars(params["baseline_hours"], step_ms)
    return (
        Feature(FeatureKind.PREV_MAX, lookback, HIGH),
        Feature(FeatureKind.PREV_MIN, lookback, LOW),
        Feature(FeatureKind.PREV_RETURN_STD, baseline),
        Feature(FeatureKind.UP_SHARE, bars_of_hours(1.0, step_ms)),
        Feature(FeatureKind.PREV_MEAN, baseline, VOLUME),
    )


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    return np.array([params["buffer"], bars_of_hours(1.0, step_ms)], dtype=np.float64)


BREAKOUT = Strategy(
    name="breakout",
    title="Breakout",
    summary="Follows a close beyond the range of the last hours.",
    source="platform specification 2.3",
    params=(
        Param("lookback_hours", "float", 6.0, 1.0, 168.0, "h", log=True),
        Param("buffer", "float", 0.5, 0.05, 5.0, "deviations of one bar"),
        BASELINE_HOURS,
    ),
    two_sided=True,
    state_size=1,
    features=_features,
    kernel_params=_kernel_params,
    min_bars=until_warm(_features),
    decide=_decide,
)
