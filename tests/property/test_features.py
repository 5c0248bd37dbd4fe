"""Streamed features equal the batch reference, know no future, survive a snapshot bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market_paths import random_bars
from tests.oracles.batch import feature_compute
from trading.market.domain.bars import CLOSE, HIGH, LOW, VOLUME, FloatArray
from trading.signals.domain.feature_plan import RECIPES, Source
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies.base import Feature, FeatureKind, warm_bars

PERIODS = (1, 2, 3, 5, 14, 50, 144)
EVERY = [Feature(kind, period) for kind in FeatureKind for period in PERIODS]
COLUMNED = [
    Feature(kind, 20, column)
    for kind in (FeatureKind.SMA, FeatureKind.PREV_MAX, FeatureKind.PREV_MIN, FeatureKind.STD)
    for column in (HIGH, LOW, VOLUME)
]


def streamed(features: list[Feature], bars: FloatArray) -> FloatArray:
    bank = FeatureBank([tuple(features)])
    rows = []
    for bar in bars.tolist():
        bank.update(*bar)
        rows.append(bank.view(0).copy())
    return np.array(rows)


def columns_of(bars: FloatArray) -> FloatArray:
    return np.ascontiguousarray(bars.T)


def assert_same_as_batch(features: list[Feature], bars: FloatArray) -> None:
    values = streamed(features, bars)
    for i, feature in enumerate(features):
        wanted = feature_compute(feature, columns_of(bars))
        assert np.isnan(wanted).sum() == min(len(bars), warm_bars(feature) - 1), feature
        np.testing.assert_allclose(
            values[:, i], wanted, rtol=1e-9, atol=1e-15, equal_nan=True, err_msg=str(feature)
        )


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 700), scale=st.sampled_from([1e-6, 1, 1e5]))
def test_every_streamed_kind_equals_the_batch_reference(seed: int, n: int, scale: float) -> None:
    bars = random_bars(seed, n)
    bars[:, :4] *= scale
    assert_same_as_batch(EVERY + COLUMNED, bars)


def test_a_wick_a_thousand_times_the_price_leaves_no_trace_once_it_left_the_window() -> None:
    bars = random_bars(11, 900)
    bars[300, HIGH] *= 1690.0
    bars[305, [HIGH, CLOSE]] *= 1000.0
    assert_same_as_batch(EVERY + COLUMNED, bars)


@pytest.mark.real_data
def test_the_streamed_kinds_equal_the_batch_reference_around_the_real_wick(shared_data) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(shared_data / "candles" / "pulsex_PDAI-DAI_5m.parquet")
    bars = np.column_stack(
        [table[name].to_numpy() for name in ("open", "high", "low", "close", "volume")]
    ).astype(np.float64)
    wick = int(np.argmax(bars[:, HIGH] / bars[:, CLOSE]))
    assert_same_as_batch(EVERY, bars[wick - 600 : wick + 600])


@pytest.mark.parametrize("kind", list(FeatureKind), ids=lambda kind: kind.name)
def test_no_kind_knows_the_future(kind: FeatureKind) -> None:
    bars, other = random_bars(5, 400), random_bars(6, 400)
    for cut in (30, 173, 399):
        changed = np.vstack((bars[:cut], other[cut:]))
        for period in (1, 7, 30):
            feature = Feature(kind, period)
            for full in (bars, changed):
                whole = feature_compute(feature, columns_of(full))
                part = feature_compute(feature, columns_of(full[:cut]))
                np.testing.assert_array_equal(whole[:cut], part)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(0, 400))
def test_a_restored_bank_goes_on_bit_for_bit(seed: int, cut: int) -> None:
    bars = random_bars(seed, 420)
    bank = FeatureBank([tuple(EVERY[:60]), tuple(EVERY[40:])])
    for bar in bars[:cut].tolist():
        bank.update(*bar)
    twin = FeatureBank([tuple(EVERY[:60]), tuple(EVERY[40:])])
    twin.restore(bank.state())
    for bar in [None, *bars[cut:].tolist()]:
        if bar is not None:
            bank.update(*bar)
            twin.update(*bar)
        assert twin.view(0).tobytes() == bank.view(0).tobytes()
        assert twin.view(1).tobytes() == bank.view(1).tobytes()
    assert (twin.n_bars, twin.n_updates) == (bank.n_bars, bank.n_updates)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(0, 300))
def test_a_peek_shows_the_next_update_and_changes_nothing(seed: int, n: int) -> None:
    bars = random_bars(seed, n + 2).tolist()
    bank = FeatureBank([tuple(EVERY)])
    for bar in bars[:n]:
        bank.update(*bar)
    before = (bank.view(0).tobytes(), bank.state()["memory"].tobytes())
    bank.peek(*bars[n + 1])
    (peeked,) = bank.peek(*bars[n])
    assert (bank.view(0).tobytes(), bank.state()["memory"].tobytes()) == before
    shown = peeked.tobytes()
    bank.update(*bars[n])
    assert bank.view(0).tobytes() == shown


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), k=st.sampled_from([1.0, 2.0**20, 12_345.678]))
def test_an_inverted_price_mirrors_the_logarithmic_kinds(seed: int, k: float) -> None:
    bars = random_bars(seed, 300)
    inverted = bars.copy()
    inverted[:, :4] = k / bars[:, [0, 2, 1, 3]]
    features = [
        Feature(FeatureKind.LOG_RETURN, 12),
        Feature(FeatureKind.RSI_LOG, 14),
        Feature(FeatureKind.UP_SHARE, 24),
        Feature(FeatureKind.LOG_RETURN_STD, 48),
        Feature(FeatureKind.EWMA_RETURN, 24),
    ]
    straight, mirror = streamed(features, bars)[60:], streamed(features, inverted)[60:]
    np.testing.assert_allclose(mirror[:, 0], -straight[:, 0], atol=1e-12)
    np.testing.assert_allclose(mirror[:, 1], 100.0 - straight[:, 1], atol=1e-8)
    np.testing.assert_allclose(mirror[:, 2], 1.0 - straight[:, 2], atol=1e-12)
    np.testing.assert_allclose(mirror[:, 3], straight[:, 3], rtol=1e-9)
    np.testing.assert_allclose(mirror[:, 4], -straight[:, 4], atol=1e-12)


def test_every_kind_has_a_recipe_and_the_ranges_have_one_column() -> None:
    assert set(RECIPES) == set(FeatureKind)
    range_sources = (Source.RANGE, Source.LINKED_RANGE)
    ranges = {kind for kind, recipe in RECIPES.items() if recipe.source in range_sources}
    assert ranges == {FeatureKind.ATR_WILDER, FeatureKind.ATR_SIMPLE}
