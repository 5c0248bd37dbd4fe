"""Features over whole arrays against TA-Lib itself, where TA-Lib defines the same thing."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from tests.market_paths import random_bars
from tests.oracles.batch import feature_compute
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies.base import Feature, FeatureKind

N = 800
BARS = np.ascontiguousarray(random_bars(21, N).T)
OPEN, HIGH, LOW, CLOSE, VOLUME = BARS


def compute(kind: FeatureKind, period: int) -> np.ndarray:
    return feature_compute(Feature(kind, period), BARS)


@pytest.mark.parametrize("period", [2, 14, 55])
@pytest.mark.parametrize(
    ("kind", "oracle"),
    [
        (FeatureKind.SMA, lambda p: talib.SMA(CLOSE, p)),
        (FeatureKind.STD, lambda p: talib.STDDEV(CLOSE, p)),
        (FeatureKind.ROLLING_MAX, lambda p: talib.MAX(CLOSE, p)),
        (FeatureKind.ROLLING_MIN, lambda p: talib.MIN(CLOSE, p)),
        (FeatureKind.RSI_WILDER, lambda p: talib.RSI(CLOSE, p)),
        (FeatureKind.ATR_WILDER, lambda p: talib.ATR(HIGH, LOW, CLOSE, p)),
        (FeatureKind.LOG_RETURN, lambda p: np.log(talib.ROCR(CLOSE, p))),
    ],
)
def test_a_kind_equals_talib(kind: FeatureKind, period: int, oracle) -> None:
    # STDDEV subtracts sums of squares, which costs it digits; all others agree far better.
    tolerance = 1e-6 if kind is FeatureKind.STD else 1e-9
    np.testing.assert_allclose(compute(kind, period), oracle(period), rtol=tolerance)


def test_an_ema_forgets_how_it_was_seeded() -> None:
    # TA-Lib seeds with a mean, we with the first value; after 20 periods nothing is left of it.
    ours, theirs = compute(FeatureKind.EMA, 14), talib.EMA(CLOSE, 14)
    np.testing.assert_allclose(ours[300:], theirs[300:], rtol=1e-9)
    assert ours[0] == CLOSE[0]


def test_a_cheap_coin_has_an_rsi_where_talib_sees_none() -> None:
    bars = BARS.copy()
    bars[:4] *= 1e-14
    np.testing.assert_allclose(
        feature_compute(Feature(FeatureKind.RSI_WILDER, 14), bars),
        compute(FeatureKind.RSI_WILDER, 14),
        rtol=1e-9,
    )


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("kind", list(FeatureKind), ids=lambda kind: kind.name)
def test_short_histories_give_the_same_in_both_tiers(kind: FeatureKind, n: int) -> None:
    feature = Feature(kind, 2)
    batch = feature_compute(feature, BARS[:, :n])
    bank = FeatureBank([(feature,)])
    streamed = []
    for bar in BARS[:, :n].T.tolist():
        bank.update(*bar)
        streamed.append(float(bank.view(0)[0]))
    assert batch.shape == (n,)
    np.testing.assert_allclose(streamed, batch, rtol=1e-9, equal_nan=True)
