from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.publisher import MemoryPublisher
from trading.market.domain.bars import Bar
from trading.market.ports.feeds import FeedBar
from trading.market.services.stream.herald import Herald
from trading.market.services.stream.log import WrittenBar

PAIR = "BTC/USDT"
TOPIC = "candles.3.BTC-USDT"


def bar(i: int = 0, close: float = 1.0) -> Bar:
    return Bar(300_000 * i, 1.0, 2.0, 0.5, close, 10.0)


def written(first: int, n: int, pair: str = PAIR) -> list[WrittenBar]:
    return [WrittenBar(i, pair, i, bar(i)) for i in range(first, first + n)]


class Newsroom:
    def __init__(self, capacity: int = 100) -> None:
        self.clock = ManualClock()
        self.publisher = MemoryPublisher()
        self.herald = Herald(publisher=self.publisher, clock=self.clock, capacity=capacity)

    async def pass_time(self, seconds: float) -> None:
        """Let the herald work in small steps of time."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            for _ in range(5):
                await asyncio.sleep(0)
            self.clock.advance(0.01)


@pytest.fixture
async def room() -> AsyncIterator[Newsroom]:
    made = Newsroom()
    task = asyncio.create_task(made.herald.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_every_closed_bar_is_told_in_order_with_its_number(room: Newsroom) -> None:
    room.herald.bars_written(3, written(1, 3))
    room.herald.bars_written(3, written(4, 1))
    await room.pass_time(0.1)
    assert [m["n"] for m in room.publisher.on(TOPIC)] == [1, 2, 3, 4]
    assert room.publisher.on(TOPIC)[0] == {
        "kind": "bar", "feed": 3, "pair": PAIR, "n": 1, "t": 300_000,
        "o": 1.0, "h": 2.0, "l": 0.5, "c": 1.0, "v": 10.0, "closed": True, "flags": 0,
    }  # fmt: skip


async def test_the_log_s_growth_is_told_after_the_bars_with_the_latest_number(
    room: Newsroom,
) -> None:
    room.herald.bars_written(3, written(1, 2))
    room.herald.bars_written(3, written(3, 2))
    await room.pass_time(0.1)
    assert room.publisher.sent[-1] == ("feed.3", {"kind": "bars_written", "feed": 3, "seq": 4})


async def test_a_burst_is_told_by_its_last_bar_and_four_times_a_second(room: Newsroom) -> None:
    for k in range(100):
        room.herald.bars_written(3, written(1 + 50 * k, 50))
        await room.pass_time(0.02)
    numbers = [m["n"] for m in room.publisher.on(TOPIC)]
    assert all(n % 50 == 0 for n in numbers)
    assert numbers == sorted(set(numbers))
    assert 5 <= len(numbers) <= 12


async def test_forming_bars_are_coalesced_and_carry_the_next_number(room: Newsroom) -> None:
    for k in range(100):
        room.herald.forming(3, [FeedBar(PAIR, bar(9, 1.0 + k / 1000))], {PAIR: 8})
        await room.pass_time(0.02)
    messages = room.publisher.on(TOPIC)
    assert {(m["n"], m["closed"]) for m in messages} == {(9, False)}
    assert 5 <= len(messages) <= 12
    await room.pass_time(0.5)
    assert room.publisher.on(TOPIC)[-1]["c"] == pytest.approx(1.099)


async def test_a_forming_bar_that_did_not_move_is_not_told_again(room: Newsroom) -> None:
    for _ in range(10):
        room.herald.forming(3, [FeedBar(PAIR, bar())], {})
        await room.pass_time(0.3)
    assert len(room.publisher.on(TOPIC)) == 1


async def test_a_forming_bar_never_overtakes_the_closed_bar_before_it(room: Newsroom) -> None:
    room.herald.forming(3, [FeedBar(PAIR, bar(1, 1.1))], {PAIR: 0})
    await room.pass_time(0.05)
    room.herald.forming(3, [FeedBar(PAIR, bar(1, 1.2))], {PAIR: 0})
    room.herald.bars_written(3, written(1, 1))
    room.herald.forming(3, [FeedBar(PAIR, bar(2, 1.3))], {PAIR: 1})
    await room.pass_time(0.6)
    assert [(m["n"], m["closed"]) for m in room.publisher.on(TOPIC)] == [
        (1, False), (1, True), (2, False),
    ]  # fmt: skip


async def test_a_publisher_that_is_down_costs_news_and_nothing_else(room: Newsroom) -> None:
    room.publisher.is_down = True
    room.herald.bars_written(3, written(1, 3))
    await room.pass_time(0.1)
    assert (room.herald.n_sent, room.herald.n_dropped) == (0, 4)


async def test_a_full_queue_drops_the_oldest_and_counts_them() -> None:
    room = Newsroom(capacity=10)  # nobody sends
    for n in range(1, 31):
        room.herald.bars_written(3, written(n, 1))
    assert room.herald.n_dropped == 21
    await room.herald.drain()
    assert [m["n"] for m in room.publisher.on(TOPIC)] == list(range(22, 31))


async def test_nothing_written_tells_nothing(room: Newsroom) -> None:
    room.herald.bars_written(3, [])
    await room.pass_time(0.1)
    assert room.publisher.sent == []
