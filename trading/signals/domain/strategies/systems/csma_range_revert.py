"""CSMA range revert: the CSMA revert, entered only in a range, with Wilder's ATR and a time stop.

Entries need the ADX of the bars and of the last finished higher-timeframe candle at or below
``adx_range_threshold``. Exits as the CSMA revert, with Wilder's true range as the volatility, and
``time_stop_bars`` after the entry (0 for none). A higher candle is a fixed number of closed bars
counted from the first one seen, so no value is used before its candle has ended.

Source: reference specification of the optimizer, section 10.8, last version; its ADX (sums instead
of averages, and up to 55 minutes of future) is repaired, so the gate opens. An extra: the
original's gate never opened and has no reference results.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, HIGH, LOW, FloatArray
from trading.signals.domain.strategies.base import (
    BUY,
    NONE,
    SELL,
    FeatureKind,
    Param,
    Params,
    Strategy,
)
from trading.signals.domain.strategies.systems.csma_revert import (
    F_RSI,
    F_SMA,
    HOLDING,
    PEAK,
    REVERT_NAMES,
    REVERT_PARAMS,
    STOP,
    is_dip,
    is_exit,
    revert_features,
)
from trading.signals.domain.strategies.systems.directional import SIZE, adx_step
from trading.signals.domain.strategies.systems.spans import MS_PER_MINUTE, window_param

# Of the kernel's parameters, after those of the CSMA revert.
ADX, HTF_ADX, HTF_BARS, ADX_MAX, TIME_STOP = range(8, 13)
_AGE: Final = 3  # of the state, after those of the CSMA revert
_ADX_VALUE, _HTF_VALUE, _IN_CANDLE, _CANDLE_HIGH, _CANDLE_LOW = range(4, 9)
_ADX_STATE: Final = 9
_HTF_STATE: Final = 9 + SIZE


@njit(cache=True)
def advance_range(bar: FloatArray, params: FloatArray, state: FloatArray) -> None:
    """Feed one closed bar to both directional indices; their values stay in ``state``."""
    high, low, close = bar[HIGH], bar[LOW], bar[CLOSE]
    state[_ADX_VALUE] = adx_step(state, _ADX_STATE, int(params[ADX]), high, low, close)
    if state[_IN_CANDLE] == 0.0:
        state[_CANDLE_HIGH], state[_CANDLE_LOW] = high, low
    else:
        state[_CANDLE_HIGH] = max(state[_CANDLE_HIGH], high)
        state[_CANDLE_LOW] = min(state[_CANDLE_LOW], low)
    state[_IN_CANDLE] += 1.0
    if state[_IN_CANDLE] >= params[HTF_BARS]:
        state[_IN_CANDLE] = 0.0
        state[_HTF_VALUE] = adx_step(
            state,
            _HTF_STATE,
            int(params[HTF_ADX]),
            state[_CANDLE_HIGH],
            state[_CANDLE_LOW],
            close,
        )
    elif state[_HTF_STATE] == 0.0:
        state[_HTF_VALUE] = np.nan


@njit(cache=True)
def is_range(params: FloatArray, state: FloatArray) -> bool:
    """Return whether both indices are known and low."""
    return bool(state[_ADX_VALUE] <= params[ADX_MAX] and state[_HTF_VALUE] <= params[ADX_MAX])


@njit(cache=True)
def _decide(
    bar: FloatArray, features: FloatArray, params: FloatArray, state: FloatArray, out: FloatArray
) -> int:
    advance_range(bar, params, state)
    x = bar[CLOSE]
    if np.isnan(features[F_SMA]) or np.isnan(features[F_RSI]):
        return NONE
    out[0] = out[1] = 1.0
    if state[HOLDING] == 0.0:
        if not (is_dip(x, features, params) and is_range(params, state)):
            return NONE
        state[HOLDING], state[PEAK], state[STOP], state[_AGE] = 1.0, x, np.nan, 0.0
        return BUY
    state[_AGE] += 1.0
    is_late = params[TIME_STOP] > 0.0 and state[_AGE] >= params[TIME_STOP]
    if not (is_exit(x, features, params, state) or is_late):
        return NONE
    state[HOLDING] = 0.0
    return SELL


def _kernel_params(params: Params, step_ms: int) -> FloatArray:
    candle = max(1, round(params["adx_htf_minutes"] * MS_PER_MINUTE / step_ms))
    return np.array(
        [
            *(params[name] for name in REVERT_NAMES),
            params["adx_period"],
            params["adx_htf_period"],
            candle,
            params["adx_range_threshold"],
            params["time_stop_bars"],
        ],
        dtype=np.float64,
    )


CSMA_RANGE_REVERT = Strategy(
    name="csma_range_revert",
    title="CSMA range revert",
    summary="The CSMA revert in range markets only, with a time stop.",
    source="optimizer specification 10.8, last version, repaired",
    params=(
        *REVERT_PARAMS,
        window_param("adx_period", 14, 5, 50, least=2),
        window_param("adx_htf_period", 14, 5, 50, least=2),
        Param("adx_htf_minutes", "int", 60, 15, 1440, "minutes", allowed=(1, 100_000)),
        Param("adx_range_threshold", "float", 22.0, 10.0, 60.0, "0 to 100", allowed=(0.0, 100.0)),
        window_param("time_stop_bars", 12, 0, 2016, least=0),
    ),
    two_sided=False,
    state_size=_HTF_STATE + SIZE,
    features=lambda params, step_ms: revert_features(params, FeatureKind.ATR_WILDER),
    kernel_params=_kernel_params,
    min_bars=lambda params, step_ms: 1,
    decide=_decide,
)
