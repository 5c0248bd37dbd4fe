"""Every venue adapter passes the shipped contract suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.execution import FEES, INSTRUMENT, STEP_MS
from tests.fakes.scripted.book import VenueBook
from tests.fakes.scripted.client import ScriptedVenue
from tests.fakes.scripted.faults import Fault, Script
from tests.fakes.scripted.server import ScriptedServer
from trading.base.domain.side import Side
from trading.desk.adapters.venue_paper import PaperAccount
from trading.desk.domain.execution.orders import Order
from trading.desk.domain.execution.paper import PaperVenue
from trading.desk.ports.venue import Venue
from trading.desk.testing.venue_bench import VenueBench
from trading.desk.testing.venue_contract import VenueContract
from trading.market.domain.bars import Bar

MONEY = {"BTC": Decimal(1_000), "USDT": Decimal(1_000_000)}


class RecordedPaper(PaperAccount):
    """Remembers what was done to it, so that a restart can do it again."""

    def __init__(self, clock: FakeClock) -> None:
        self.done: list[Callable[[PaperAccount], object]] = []
        super().__init__(PaperVenue({"BTC/USDT": INSTRUMENT}, STEP_MS, []), clock, MONEY)

    def submit(self, order: Order, *, until_ms: int) -> Any:
        self.done.append(lambda again: PaperAccount.submit(again, order, until_ms=until_ms))
        return super().submit(order, until_ms=until_ms)

    def cancel(self, order: Order, *, until_ms: int) -> Any:
        self.done.append(lambda again: PaperAccount.cancel(again, order, until_ms=until_ms))
        return super().cancel(order, until_ms=until_ms)

    def on_bar(self, pair: str, bar: Bar, **how: Any) -> None:
        self.done.append(lambda again: PaperAccount.on_bar(again, pair, bar, **how))
        super().on_bar(pair, bar, **how)


class PaperBench(VenueBench):
    """A bar of just the volume that is to trade."""

    def __init__(self) -> None:
        self._clock = FakeClock()
        self._paper = RecordedPaper(self._clock)

    @property
    def venue(self) -> Venue:
        return self._paper

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def pass_time(self, ms: int) -> None:
        self._clock.advance(ms / 1000)

    def trade(self, order: Order, quantity: Decimal) -> None:
        assert order.limit_price is not None
        through = 0.999 if order.side is Side.BUY else 1.001  # a limit is met beyond it
        price = round(float(order.limit_price) * through, 2)
        bar = Bar(self.now_ms(), price, price, price, price, float(quantity))
        self._paper.on_bar(order.pair, bar, costs=FEES, participation_pct=100.0)
        self.pass_time(STEP_MS)

    def reopen(self) -> None:
        done, self._paper = self._paper.done, RecordedPaper(self._clock)
        for act in done:
            act(self._paper)
        self._paper.done = done


class ScriptedBench(VenueBench):
    """Both ends of the socket."""

    can_refuse = can_lose = True

    def __init__(self, clock: FakeClock, server: ScriptedServer) -> None:
        self._clock = clock
        self._server = server
        self._client = ScriptedVenue(server.port, clock)

    @property
    def venue(self) -> Venue:
        return self._client

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def pass_time(self, ms: int) -> None:
        self._clock.advance(ms / 1000)

    def trade(self, order: Order, quantity: Decimal) -> None:
        with self._server.lock:
            self._server.book.fill(order.client_order_id, quantity, order.limit_price or self.price)
            self._server.tell()

    def reopen(self) -> None:
        self._client.close()
        self._client = ScriptedVenue(self._server.port, self._clock)

    def refuse_next(self) -> None:
        self._server.book.refuse_next = 1

    def lose_next(self, *, is_executed: bool) -> None:
        self._server.script.next.append(Fault.LOST_AFTER if is_executed else Fault.LOST_BEFORE)


class TestPaperVenue(VenueContract):
    @pytest.fixture
    def bench(self) -> PaperBench:
        return PaperBench()


class TestScriptedVenue(VenueContract):
    @pytest.fixture
    def bench(self) -> Iterator[ScriptedBench]:
        clock = FakeClock()
        with ScriptedServer(VenueBook(clock.now_ms, MONEY), Script()) as server:
            bench = ScriptedBench(clock, server)
            yield bench
            bench.venue.close()
