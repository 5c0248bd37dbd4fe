"""What the talk with a venue does about each thing that can go wrong, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.scripted.book import VenueBook
from tests.fakes.scripted.client import ScriptedVenue
from tests.fakes.scripted.faults import Fault, Script
from tests.fakes.scripted.server import ScriptedServer
from tests.integration.venues.session import ScriptSession
from trading.base.domain.side import Side
from trading.desk.domain.execution.orders import Order, OrderPurpose, OrderStatus
from trading.desk.services.execution.outside import no_hook

WINDOW_MS, ENTRY_LIFE_MS = 200, 5_000


class Scene:
    """A quiet venue whose market a test moves, and a session before it."""

    def __init__(self, path: Path, server: ScriptedServer, clock: FakeClock) -> None:
        self.server, self.book, self.clock = server, server.book, clock
        self._path = path
        self._venues: list[ScriptedVenue] = []
        self._sessions: list[ScriptSession] = []
        self.open()

    def open(self) -> None:
        venue = ScriptedVenue(self.server.port, self.clock, window_ms=WINDOW_MS)
        self._venues.append(venue)
        self.session = ScriptSession(
            self._path, venue, self.clock, hook=no_hook, entry_life_ms=ENTRY_LIFE_MS
        )
        self._sessions.append(self.session)

    def faults(self, *faults: Fault) -> None:
        self.server.script.next += faults

    def turn(self, intent: str = "hold", ms: int = 0) -> None:
        self.clock.advance(ms / 1000)
        self.session.turn(intent, 0)

    def trade(self, order: Order, quantity: str) -> None:
        with self.server.lock:
            self.book.fill(order.client_order_id, Decimal(quantity), Decimal(100))
            self.server.tell()
        self._venues[-1].balances()  # once that is answered the news is here too

    def order(self, purpose: OrderPurpose = OrderPurpose.ENTRY) -> Order:
        return [o for o in self.session.orders.values() if o.purpose is purpose][-1]

    def enter(self) -> Order:
        """Return the stop order of an open position of 1.234."""
        self.turn("enter")
        self.trade(self.order(), "1.234")
        self.turn()
        return self.order(OrderPurpose.STOP)

    def close(self) -> None:
        for one in (*self._venues, *self._sessions):
            one.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FakeClock()
    book = VenueBook(clock.now_ms, {"USDT": Decimal(10_000)})
    with ScriptedServer(book, Script(), is_quick=True) as server:
        scene = Scene(tmp_path / "facts.sqlite3", server, clock)
        yield scene
        scene.close()


def test_an_order_without_an_answer_is_unknown_until_it_was_asked_about(scene: Scene) -> None:
    scene.faults(Fault.LOST_AFTER)
    scene.turn("enter")
    assert scene.order().status is OrderStatus.UNKNOWN
    assert scene.session.talk.is_asking()
    scene.turn(ms=WINDOW_MS + 1)
    assert scene.order().status is OrderStatus.ACCEPTED
    assert not scene.session.talk.is_asking()


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_is_under_way_is_not_sent_again_before_its_time_is_over(
    scene: Scene, *, is_restarted: bool
) -> None:
    scene.faults(Fault.LATE_BEFORE)
    scene.server.script.delay = lambda: 5  # type: ignore[method-assign]
    scene.turn("enter")
    if is_restarted:
        scene.clock.advance(WINDOW_MS / 2000)
        scene.open()
    n_asked = sum(scene.server.script.seen.values())
    scene.turn(ms=WINDOW_MS // 4)
    assert sum(scene.server.script.seen.values()) == n_asked  # nor would asking prove anything
    assert scene.order().status is OrderStatus.UNKNOWN
    for _ in range(8):  # the late one comes after it was sent again and filled
        scene.turn(ms=WINDOW_MS + 1)
        if scene.order().status is OrderStatus.ACCEPTED:
            scene.trade(scene.order(), "1.234")
        scene.session.reconcile()
    assert scene.order().status is OrderStatus.FILLED
    assert scene.book.placed[scene.order().client_order_id] == 1


def test_an_entry_that_never_arrived_is_given_up_when_its_time_is_over(scene: Scene) -> None:
    scene.faults(Fault.LOST_BEFORE)
    scene.turn("enter")
    scene.turn(ms=ENTRY_LIFE_MS + 1)
    assert scene.order().status is OrderStatus.REJECTED
    assert not scene.book.orders


def test_a_protective_order_that_never_arrived_is_sent_however_late(scene: Scene) -> None:
    scene.turn("enter")
    scene.trade(scene.order(), "1.234")
    scene.faults(Fault.LOST_BEFORE)
    scene.turn()
    scene.turn(ms=10 * ENTRY_LIFE_MS)
    assert scene.order(OrderPurpose.STOP).status is OrderStatus.ACCEPTED


def test_a_fill_that_nobody_told_is_found(scene: Scene) -> None:
    scene.turn("enter")
    with scene.server.lock:
        scene.book.fill(scene.order().client_order_id, Decimal("0.5"), Decimal(100))
    scene.turn()
    assert scene.order().filled_quantity == 0
    scene.session.reconcile()
    assert scene.order().filled_quantity == Decimal("0.5")


def test_a_sale_waits_for_the_stop_and_sells_what_it_left(scene: Scene) -> None:
    stop = scene.enter()
    scene.faults(Fault.TROUBLE_BEFORE)
    scene.turn("exit")
    leaving = scene.order(OrderPurpose.EXIT)
    assert leaving.client_order_id not in scene.book.orders
    scene.book.orders[stop.client_order_id].is_triggered = True
    scene.trade(stop, "1")
    for _ in range(2):
        scene.turn(ms=WINDOW_MS + 1)
    sale = scene.book.orders[leaving.client_order_id]
    assert (sale.quantity, sale.state) == (Decimal("0.234"), "open")
    assert scene.order(OrderPurpose.STOP).status is OrderStatus.CANCELLED


def test_a_sale_that_waits_goes_before_a_stop_that_was_placed_after_it(scene: Scene) -> None:
    scene.turn("enter")
    scene.trade(scene.order(), "0.5")
    scene.turn()
    scene.faults(*[Fault.TROUBLE_BEFORE] * 2)  # neither stop nor entry is taken back yet
    scene.turn("exit")
    scene.trade(scene.order(), "0.1")
    for _ in range(4):
        scene.turn(ms=WINDOW_MS + 1)
    sale = scene.order(OrderPurpose.EXIT)
    assert scene.book.orders[sale.client_order_id].state == "open"
    scene.trade(sale, "0.5")
    for _ in range(2):
        scene.turn(ms=WINDOW_MS + 1)
    rest = scene.order(OrderPurpose.STOP)
    assert (rest.status, rest.quantity) == (OrderStatus.ACCEPTED, Decimal("0.1"))


def test_nothing_is_sold_twice_when_the_stop_closed_it_all(scene: Scene) -> None:
    stop = scene.enter()
    scene.faults(Fault.TROUBLE_BEFORE)
    scene.turn("exit")
    scene.trade(stop, "1.234")
    for _ in range(3):
        scene.turn(ms=WINDOW_MS + 1)
    assert scene.order(OrderPurpose.EXIT).status.is_final
    assert scene.order(OrderPurpose.EXIT).client_order_id not in scene.book.orders
    assert scene.session.is_flat


def test_a_venue_that_wants_silence_has_it(scene: Scene) -> None:
    scene.faults(Fault.SLOW_DOWN)
    scene.turn("enter")
    n_asked = sum(scene.server.script.seen.values())
    scene.session.reconcile()
    scene.turn("hold")
    assert sum(scene.server.script.seen.values()) == n_asked
    scene.turn(ms=WINDOW_MS + 1)
    assert scene.order().status is OrderStatus.ACCEPTED


def test_an_open_order_that_is_not_ours_is_named_and_left_alone(scene: Scene) -> None:
    stranger = {"id": "by hand", "pair": "AAA/USDT", "side": "buy", "type": "limit"}
    scene.book.submit({**stranger, "quantity": "1", "limit": "90", "stop": None})
    scene.session.reconcile()
    assert scene.session.talk.strangers == {"by hand"}
    assert scene.book.orders["by hand"].state == "open"


def test_an_order_that_works_though_it_is_over_in_the_books_is_disputed_and_taken_back(
    scene: Scene,
) -> None:
    stop = scene.enter()
    there = scene.book.orders[stop.client_order_id]
    there.state = "cancelled"
    scene.session.reconcile()
    assert scene.order(OrderPurpose.STOP).status is OrderStatus.CANCELLED
    there.state = "open"
    scene.session.reconcile()
    assert there.state == "cancelled"
    assert "works on order" in scene.session.talk.disputes.get(
        stop.client_order_id, "works on order"
    )


def test_an_accepted_order_that_the_venue_denies_is_disputed_and_never_sent_again(
    scene: Scene,
) -> None:
    scene.turn("enter")
    del scene.book.orders[scene.order().client_order_id]
    for _ in range(3):
        scene.clock.advance(1)
        scene.session.reconcile()
    assert "the venue has no order" in scene.session.talk.disputes[scene.order().client_order_id]
    assert scene.session.talk.is_asking()
    assert not scene.book.orders


def test_a_second_stop_between_two_bars_is_an_order_of_its_own(scene: Scene) -> None:
    first = scene.enter()
    scene.book.orders[first.client_order_id].state = "cancelled"
    scene.session.reconcile()
    bar = replace(scene.order(OrderPurpose.STOP))
    core = scene.session._core
    core.state.seq = bar.created_seq - 1  # the bar that made the first one is decided on again
    scene.turn()
    second = scene.order(OrderPurpose.STOP)
    assert second.created_seq == first.created_seq
    assert second.client_order_id != first.client_order_id
    assert second.side is Side.SELL
