"""Volume spike: far more is traded than usual, and the price goes one way with it.

    ratio = volume / mean volume before
    z = ln(close / close before) / sigma

Mean and sigma (the deviation of one-bar log returns) span ``baseline_hours`` and exclude the
current bar. A trigger fires on the side of the move when the ratio reaches ``ratio`` and ``|z|``
reaches ``move``, once per excursion: the ratio must fall below ``release`` of its threshold, or a
spike go the other way, before the next one.

Strength is ``1 - 2 ** -e`` with e the smaller of ``(ratio - 1) / (threshold - 1)`` and
``|z| / move``: the weaker of the two witnesses counts. Confidence is the share of the bar's
logarithmic range that its body kept, so that a spike that was sold into convinces less.

Source: reference specification platform 2.3 "volume_spike", with a direction added.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, FloatArray
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
    baseline_bars,
    excursion_side,
    share_of,
    strength_of,
)


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    mean_volume, sigma = features[0], features[1]
    if not (mean_volume > 0.0 and sigma > 0.0):
        return NONE
    ratio = bar[VOLUME] / mean_volume
    if ratio < params[0]:
        if ratio < params[2] * params[0]:
            state[0] = 0.0
        return NONE
    z = features[2] / sigma
    size = min((ratio - 1.0) / (params[0] - 1.0), abs(z) / params[1])
    side = excursion_side(state, size if z > 0.0 else -size, 0.0)
    if side != NONE:
        reach = math.log(bar[HIGH] / bar[LOW])
        out[0] = strength_of(size)
        out[1] = share_of(side * math.log(bar[CLOSE] / bar[OPEN]) / reach) if reach > 0.0 else 0.0
    return side


def _features(params: Params, step_ms: int) -> tuple[Feature, ...]:
    baseline = baseline_bars(params["baseline_hours"], step_ms)
    return (
        Feature(FeatureKind.PREV_MEAN, baseline, VOLUME),
        Feature(FeatureKind.PREV_RETURN_STD, baseline),
        Feature(FeatureKind.LOG_RETURN, 1),
    )


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    return np.array([params["ratio"], params["move"], params["release"]], dtype=np.float64)


VOLUME_SPIKE = Strategy(
    name="volume_spike",
    title="Volume spike",
    summary="Follows a bar that trades far more than usual and moves with it.",
    source="platform specification 2.3",
    params=(
        Param("ratio", "float", 4.0, 1.5, 20.0, "times the mean"),
        Param("move", "float", 2.0, 0.5, 8.0, "deviations of one bar"),
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
