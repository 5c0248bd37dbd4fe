"""What every feed does, whatever its source: order, completeness, and going on from anywhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.fakes.bars import assert_possible
from tests.fakes.candles import START_MS, MemoryCandleStore, series
from tests.fakes.clock import FakeClock
from tests.fakes.kline_server import KlineServer
from trading.base.domain.errors import InvariantError
from trading.market.adapters.feeds.ccxt_rest import CcxtCandleSource
from trading.market.adapters.feeds.replay import ReplayFeed, ReplaySpec
from trading.market.adapters.feeds.simulated import SimulatedFeed
from trading.market.adapters.feeds.venue import VenueFeed, VenueSpec
from trading.market.domain.bars import BarArrays
from trading.market.domain.simulated.market import SimulatedMarket
from trading.market.ports.candles import SeriesKey
from trading.market.ports.feeds import Feed, FeedBar

PAIRS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
STEP = 300_000
N_TIMES = 60


@dataclass
class Bench:
    """One kind of feed: how to make it, and the clock it lives by."""

    make: Callable[[], Feed]
    clock: FakeClock


def _with_holes(bars: BarArrays, holes: list[int]) -> BarArrays:
    keep = np.delete(np.arange(len(bars)), holes)
    return BarArrays(
        bars.open_time[keep], np.ascontiguousarray(bars.values[:, keep]), bars.flags[keep]
    )


def _data() -> dict[str, BarArrays]:
    made = {pair: series(N_TIMES + 5, seed=k) for k, pair in enumerate(PAIRS)}
    made["ETH/USDT"] = _with_holes(made["ETH/USDT"], [7, 8, 30])
    return made


@pytest.fixture(params=["replay", "paced replay", "simulated", "ccxt"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    clock = FakeClock(START_MS + N_TIMES * STEP + 2_000)
    if request.param.endswith("replay"):
        store = MemoryCandleStore()
        for pair, bars in _data().items():
            store.replace(SeriesKey("venue", pair, "5m"), bars, source="a test")
        speed = 0.5 if request.param.startswith("paced") else 0.0
        spec = ReplaySpec("venue", "5m", PAIRS)
        yield Bench(
            lambda: ReplayFeed(spec, store=store, clock=clock, bar_seconds=speed, history_bars=20),
            clock,
        )
    elif request.param == "simulated":
        market = SimulatedMarket(seed=7, pairs=PAIRS, epoch_ms=START_MS, step_ms=STEP)
        yield Bench(
            lambda: SimulatedFeed(market, clock=clock, bar_seconds=0.5, history_bars=20), clock
        )
    else:
        async with KlineServer(clock, _data()) as server:
            made: list[VenueFeed] = []

            def make() -> Feed:
                source = CcxtCandleSource("binance", clock=clock, base_url=server.url)
                source._client.enableRateLimit = False
                spec = VenueSpec("5m", PAIRS, poll_s=150.0, history_bars=40)
                made.append(VenueFeed(spec, source=source, clock=clock))
                return made[-1]

            yield Bench(make, clock)
            for feed in made:
                await feed.close()


async def collect(
    bench: Bench, feed: Feed, position: dict[str, Any], *, limit: int = 10, n_bars: int = 130
) -> tuple[list[FeedBar], list[tuple[dict[str, Any], int]]]:
    """Return bars, and every position with the number of bars before it."""
    bars: list[FeedBar] = []
    positions = []
    n_empty = 0
    while n_empty < 30:
        batch = await feed.next_batch(position, limit)
        n_empty = 0 if batch.bars else n_empty + 1
        assert len(batch.bars) <= limit
        bars += batch.bars
        position = json.loads(json.dumps(batch.position))
        positions.append((position, len(bars)))
        if batch.finished or len(bars) >= n_bars:
            break
        if not batch.bars:
            assert batch.wait_s > 0
        bench.clock.advance(batch.wait_s)
    return bars, positions


async def test_bars_come_by_time_then_pair_each_once_and_possible(bench: Bench) -> None:
    bars, _ = await collect(bench, bench.make(), {})
    order = [(item.bar.open_time, item.pair) for item in bars]
    assert len(order) >= 100
    assert order == sorted(set(order))
    assert {item.pair for item in bars} == set(PAIRS)
    for item in bars:
        assert_possible(item.bar, STEP)
        assert item.bar.open_time % STEP == 0


async def test_a_new_feed_goes_on_from_every_position(bench: Bench) -> None:
    bars, positions = await collect(bench, bench.make(), {})
    for position, n_before in positions[:: max(1, len(positions) // 6)]:
        n_left = len(bars) - n_before
        if n_left == 0:
            continue
        again, _ = await collect(bench, bench.make(), position, n_bars=n_left)
        assert again[:n_left] == bars[n_before:]


async def test_an_unused_batch_is_given_again(bench: Bench) -> None:
    feed = bench.make()
    first = await feed.next_batch({}, 10)
    second = await feed.next_batch(first.position, 10)
    assert list((await feed.next_batch(first.position, 10)).bars) == list(second.bars)


async def test_the_size_of_batches_changes_nothing(bench: Bench) -> None:
    small, _ = await collect(bench, bench.make(), {}, limit=3)
    large, _ = await collect(bench, bench.make(), {}, limit=1000)
    n = min(len(small), len(large))
    # a venue's history begins where now was; the others begin where they always do
    start = max(small[0].bar.open_time, large[0].bar.open_time)
    a = [(i.pair, i.bar.open_time, i.bar.close) for i in small if i.bar.open_time >= start]
    b = [(i.pair, i.bar.open_time, i.bar.close) for i in large if i.bar.open_time >= start]
    assert n >= 100
    assert a[: min(len(a), len(b))] == b[: min(len(a), len(b))]


async def test_a_limit_below_one_bar_time_is_refused(bench: Bench) -> None:
    with pytest.raises(InvariantError, match="limit"):
        await bench.make().next_batch({}, 2)


async def test_the_forming_bars_belong_to_the_time_after_the_last_closed(bench: Bench) -> None:
    feed = bench.make()
    bars, positions = await collect(bench, feed, {}, n_bars=125)
    batch = await feed.next_batch(positions[-1][0], 10)
    bench.clock.advance(min(batch.wait_s, 0.2))
    forming = await feed.forming()
    last = bars[-1].bar.open_time
    for item in forming:
        assert_possible(item.bar, STEP)
        assert item.bar.open_time > last
