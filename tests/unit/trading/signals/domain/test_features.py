"""The bank shares, refuses and is fast."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.market_paths import random_bars
from trading.base.domain.errors import BadInputError, InvariantError
from trading.market.domain.bars import CLOSE, HIGH, LOW, VOLUME
from trading.signals.domain.feature_plan import MAX_PERIOD
from trading.signals.domain.features import FeatureBank, features_compile
from trading.signals.domain.strategies.base import Feature, FeatureKind

RSI = Feature(FeatureKind.RSI_WILDER, 14)
SMA = Feature(FeatureKind.SMA, 3)


def test_a_feature_wanted_by_eight_strategies_is_computed_once_per_bar() -> None:
    bank = FeatureBank([(RSI, SMA)] * 8)
    for bar in random_bars(1, 50).tolist():
        bank.update(*bar)
    assert bank.features == (RSI, SMA)
    assert bank.n_updates == 50 * 2


def test_each_consumer_reads_its_own_order_in_the_same_array_every_bar() -> None:
    bank = FeatureBank([(SMA, RSI), (), (RSI, SMA, RSI)])
    first = [bank.view(i) for i in range(3)]
    for bar in random_bars(2, 40).tolist():
        bank.update(*bar)
    assert all(bank.view(i) is first[i] for i in range(3))
    sma, rsi = first[0]
    assert first[2].tolist() == [rsi, sma, rsi]
    assert first[1].shape == (0,)
    assert first[2].flags.c_contiguous


def test_a_consumer_cannot_write_what_others_read() -> None:
    bank = FeatureBank([(SMA,)])
    for view in (bank.view(0), bank.last_bar, bank.peek(1.0, 1.0, 1.0, 1.0, 1.0)[0]):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1.0


def test_the_last_bar_is_the_one_just_fed() -> None:
    bank = FeatureBank([(SMA,)])
    bank.update(1.0, 4.0, 0.5, 2.0, 7.0)
    bank.peek(9.0, 9.0, 9.0, 9.0, 9.0)
    assert bank.last_bar.tolist() == [1.0, 4.0, 0.5, 2.0, 7.0]


def test_values_are_nan_until_warm_and_the_bank_says_when() -> None:
    bank = FeatureBank([(SMA, RSI)])
    assert bank.warm_bars == 15
    for i, bar in enumerate(random_bars(3, 20).tolist(), 1):
        bank.update(*bar)
        assert np.isnan(bank.view(0)).tolist() == [i < 3, i < 15]


@pytest.mark.parametrize(
    ("kind", "closes", "wanted"),
    [
        (FeatureKind.SMA, [1, 2, 3, 7], 4.0),
        (FeatureKind.EMA, [1, 2, 3, 7], 4.625),
        (FeatureKind.STD, [1, 2, 3, 7], (14 / 3) ** 0.5),
        (FeatureKind.PREV_MAX, [9, 2, 3, 7], 9.0),
        (FeatureKind.PREV_MIN, [9, 2, 3, 1], 2.0),
        (FeatureKind.PREV_MEAN, [1, 2, 3, 7], 2.0),
        (FeatureKind.LAG, [5, 2, 3, 7], 5.0),
        (FeatureKind.LOG_RETURN, [2, 2, 3, 16], np.log(8)),
        (FeatureKind.UP_SHARE, [1, 2, 2, 1], 0.5),
        (FeatureKind.MEAN_ABS_CHANGE, [1, 2, 5, 3], 2.0),
        (FeatureKind.RSI_WILDER, [1, 2, 3, 1], 50.0),
        (FeatureKind.RSI_SIMPLE, [1, 2, 3, 1], 50.0),
        (FeatureKind.RSI_LOG, [1, 2, 4, 1], 50.0),
        (FeatureKind.EWMA_RETURN, [1, np.e, np.e**2, np.e**5], 2.0),
        (FeatureKind.EWMA_VARIANCE, [1, np.e, np.e**2, np.e**5], 1.0),
        (FeatureKind.ATR_WILDER, [1, 2, 4, 7], 4.0),
        (FeatureKind.ATR_SIMPLE, [1, 2, 4, 7], 4.0),
    ],
)
def test_by_hand(kind: FeatureKind, closes: list[float], wanted: float) -> None:
    bank = FeatureBank([(Feature(kind, 3),)])
    for close in closes:
        bank.update(close, close + 1.0, close - 0.5, close, 1.0)
    if kind is FeatureKind.ATR_SIMPLE:
        wanted = (2.0 + 3.0 + 4.0) / 3
    if kind is FeatureKind.ATR_WILDER:
        wanted = (2.0 + 3.0 + 4.0) / 3
    assert bank.view(0)[0] == pytest.approx(wanted, rel=1e-9)


def test_an_rsi_without_movement_is_neutral() -> None:
    bank = FeatureBank([(RSI, Feature(FeatureKind.RSI_LOG, 14))])
    for _ in range(30):
        bank.update(5.0, 5.0, 5.0, 5.0, 0.0)
    assert bank.view(0).tolist() == [50.0, 50.0]


@pytest.mark.parametrize(
    ("feature", "text"),
    [
        (Feature(FeatureKind.SMA, 0), "period was 0"),
        (Feature(FeatureKind.SMA, MAX_PERIOD + 1), "period"),
        (Feature(FeatureKind.SMA, 5, 5), "column was 5"),
        (Feature(FeatureKind.SMA, 5, -1), "column was -1"),
        (Feature(FeatureKind.ATR_WILDER, 14, HIGH), "true range"),
        (Feature(FeatureKind.RSI_LOG, 14, VOLUME), "volume"),
        (Feature(FeatureKind.LOG_RETURN, 1, VOLUME), "volume"),
    ],
)
def test_a_feature_without_meaning_is_refused(feature: Feature, text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        FeatureBank([(feature,)])


def test_a_snapshot_of_other_features_is_refused() -> None:
    with pytest.raises(InvariantError, match="another layout"):
        FeatureBank([(SMA,)]).restore(FeatureBank([(RSI,)]).state())


def test_a_bank_without_features_counts_bars() -> None:
    bank = FeatureBank([])
    bank.update(1.0, 1.0, 1.0, 1.0, 1.0)
    assert (bank.n_bars, bank.n_updates, bank.warm_bars) == (1, 0, 0)


def test_twelve_features_cost_microseconds_per_bar() -> None:
    features_compile()
    kinds = [
        FeatureKind.LOG_RETURN, FeatureKind.PREV_RETURN_STD, FeatureKind.ATR_WILDER,
        FeatureKind.UP_SHARE, FeatureKind.RSI_LOG, FeatureKind.EWMA_RETURN,
    ]  # fmt: skip
    wanted = [Feature(kind, period) for kind in kinds for period in (14, 288)]
    wanted[2] = Feature(FeatureKind.PREV_MAX, 144, HIGH)
    wanted[3] = Feature(FeatureKind.PREV_MIN, 144, LOW)
    bank = FeatureBank([tuple(wanted[:4]), tuple(wanted[4:]), tuple(wanted)])
    bars, rounds = random_bars(4, 2_000).tolist(), []
    for _ in range(5):
        started = time.perf_counter()
        for bar in bars:
            bank.update(*bar)
        rounds.append((time.perf_counter() - started) / len(bars))
    assert len(bank.features) == 12
    assert bank.last_bar[CLOSE] == bars[-1][CLOSE]
    assert min(rounds) < 20e-6  # about 2 microseconds on an idle core
