from __future__ import annotations

import pytest

from tests.fakes.candles import START_MS, MemoryCandleStore, series
from tests.fakes.clock import FakeClock
from trading.base.domain.errors import BadInputError
from trading.market.adapters.feeds.replay import ReplayFeed, ReplaySpec
from trading.market.domain.bars import BarFlag
from trading.market.domain.forming import bar_forming
from trading.market.ports.candles import SeriesKey

STEP = 300_000
KEY = SeriesKey("venue", "BTC/USDT", "5m")


def _feed(
    store: MemoryCandleStore,
    clock: FakeClock | None = None,
    *,
    spec: ReplaySpec | None = None,
    bar_seconds: float = 0.0,
) -> ReplayFeed:
    return ReplayFeed(
        spec or ReplaySpec("venue", "5m", ("BTC/USDT",)),
        store=store,
        clock=clock or FakeClock(),
        bar_seconds=bar_seconds,
        history_bars=5,
    )


@pytest.fixture
def store() -> MemoryCandleStore:
    made = MemoryCandleStore()
    made.replace(KEY, series(50), source="a test")
    return made


async def test_values_and_flags_come_as_stored(store: MemoryCandleStore) -> None:
    bars = series(50)
    bars.flags[3] = BarFlag.QUARANTINED
    store.replace(KEY, bars, source="a test")
    batch = await _feed(store).next_batch({}, 100)
    assert [item.bar for item in batch.bars] == [bars.bar(i) for i in range(50)]
    assert batch.finished


async def test_a_range_is_replayed_and_then_finished(store: MemoryCandleStore) -> None:
    spec = ReplaySpec("venue", "5m", ("BTC/USDT",), START_MS + 10 * STEP, START_MS + 20 * STEP)
    batch = await _feed(store, spec=spec).next_batch({}, 100)
    times = [(item.bar.open_time - START_MS) // STEP for item in batch.bars]
    assert times == list(range(10, 20))
    assert batch.finished
    again = await _feed(store, spec=spec).next_batch(batch.position, 100)
    assert (list(again.bars), again.finished) == ([], True)


async def test_an_empty_range_is_finished_at_once(store: MemoryCandleStore) -> None:
    spec = ReplaySpec("venue", "5m", ("BTC/USDT",), 0, 1)
    batch = await _feed(store, spec=spec).next_batch({}, 100)
    assert (list(batch.bars), batch.finished) == ([], True)


async def test_candles_that_changed_meanwhile_are_refused(store: MemoryCandleStore) -> None:
    batch = await _feed(store).next_batch({}, 10)
    store.replace(KEY, series(50, seed=9), source="another")
    with pytest.raises(BadInputError, match="changed"):
        await _feed(store).next_batch(batch.position, 10)


async def test_missing_candles_are_named() -> None:
    with pytest.raises(BadInputError, match="BTC/USDT"):
        await _feed(MemoryCandleStore()).next_batch({}, 10)


async def test_history_comes_at_once_and_then_one_bar_a_beat(store: MemoryCandleStore) -> None:
    clock = FakeClock()
    feed = _feed(store, clock, bar_seconds=2.0)
    batch = await feed.next_batch({}, 100)
    assert len(batch.bars) == 5
    assert batch.wait_s == pytest.approx(2.0)
    clock.advance(1.0)
    early = await feed.next_batch(batch.position, 100)
    assert (list(early.bars), early.wait_s) == ([], pytest.approx(1.0))
    clock.advance(1.0)
    assert len((await feed.next_batch(batch.position, 100)).bars) == 1


async def test_a_slow_consumer_does_not_get_a_flood(store: MemoryCandleStore) -> None:
    clock = FakeClock()
    feed = _feed(store, clock, bar_seconds=0.5)
    batch = await feed.next_batch({}, 100)
    clock.advance(60.0)
    assert len((await feed.next_batch(batch.position, 100)).bars) <= 4


async def test_the_forming_bar_grows_into_the_next_closed_one(store: MemoryCandleStore) -> None:
    clock = FakeClock()
    feed = _feed(store, clock, bar_seconds=2.0)
    batch = await feed.next_batch({}, 100)
    clock.advance(1.0)
    (item,) = await feed.forming()
    final = series(50).bar(5)
    assert item.bar == bar_forming(final, 0.5)
    assert final.low <= item.bar.low <= item.bar.close <= item.bar.high <= final.high
    clock.advance(1.0)
    (closed,) = (await feed.next_batch(batch.position, 100)).bars
    assert closed.bar == final == bar_forming(final, 1.0)
    await feed.close()
    assert list(await feed.forming()) == []
