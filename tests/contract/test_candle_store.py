"""What every candle store does, in memory or on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.candles import START_MS, MemoryCandleStore, series
from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles import ParquetCandleStore
from trading.market.ports.candles import CandleStore, SeriesKey

KEY = SeriesKey("bybit", "BTC/USDT", "5m")
STEP = 300_000


@pytest.fixture(params=["memory", "parquet"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> CandleStore:
    return MemoryCandleStore() if request.param == "memory" else ParquetCandleStore(tmp_path)


def test_an_empty_store_knows_nothing(store: CandleStore) -> None:
    assert store.list() == []
    assert store.info(KEY) is None
    assert store.verify(repair=False) == []
    with pytest.raises(BadInputError, match="BTC/USDT"):
        store.load(KEY)


def test_what_is_stored_comes_back_bit_identical(store: CandleStore) -> None:
    bars = series(300)
    info = store.replace(KEY, bars, source="a test")
    loaded = store.load(KEY)
    assert loaded.values.tobytes() == bars.values.tobytes()
    assert loaded.open_time.tolist() == bars.open_time.tolist()
    assert store.info(KEY) == info
    assert (info.rows, info.first_open, info.source) == (300, START_MS, "a test")


def test_a_range_includes_its_start_and_excludes_its_end(store: CandleStore) -> None:
    store.replace(KEY, series(100), source="a test")
    part = store.load(KEY, start_ms=START_MS + 10 * STEP, end_ms=START_MS + 20 * STEP)
    assert part.open_time.tolist() == [START_MS + i * STEP for i in range(10, 20)]
    assert len(store.load(KEY, start_ms=START_MS + 5 * STEP, end_ms=START_MS)) == 0
    assert len(store.load(KEY, start_ms=START_MS + 1)) == 99


def test_a_second_version_replaces_the_first(store: CandleStore) -> None:
    first = store.replace(KEY, series(100), source="a test")
    second = store.replace(KEY, series(120, seed=2), source="another")
    assert first.digest != second.digest
    assert store.info(KEY) == second
    assert len(store.load(KEY)) == 120


def test_series_are_listed_in_order(store: CandleStore) -> None:
    for venue, pair in (("kraken", "BTC/USDT"), ("bybit", "ETH/USDT"), ("bybit", "BTC/USDT")):
        store.replace(SeriesKey(venue, pair, "5m"), series(5), source="a test")
    assert [str(info.key) for info in store.list()] == [
        "bybit BTC/USDT 5m",
        "bybit ETH/USDT 5m",
        "kraken BTC/USDT 5m",
    ]


def test_nothing_cannot_be_stored(store: CandleStore) -> None:
    with pytest.raises(BadInputError, match="nothing"):
        store.replace(KEY, series(0), source="a test")


def test_the_lock_can_be_taken_again_after_use(store: CandleStore) -> None:
    with store.lock(KEY):
        store.replace(KEY, series(5), source="a test")
    with store.lock(KEY):
        assert store.info(KEY) is not None
