"""A whole session at a venue that loses answers: stopped anywhere, its rows are the venue's."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.scripted.book import VenueBook
from tests.fakes.scripted.client import ScriptedVenue
from tests.fakes.scripted.faults import Script
from tests.fakes.scripted.server import ScriptedServer
from tests.integration.sessions.market import FIRST, STEP_MS, blueprint, publish, series
from tests.integration.sessions.running import let_go
from tests.integration.venues.harness import Stopped, stopper
from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import TradingState
from trading.desk.bootstrap.recorders import RECORDERS
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import DeskSession, Fill, Mode, Order, OrderEvent, Position, SessionFact
from trading.desk.services.execution.outside import Hook, no_hook
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.engine import SessionEngine
from trading.desk.services.sessions.lease import lease_claim
from trading.desk.services.sessions.opening import session_create
from trading.market.models import Feed

pytestmark = pytest.mark.django_db(transaction=True)
BARS, WINDOW_MS, LIVES = 620, 200, 6
POINTS = (
    "stepped", "persisting", "persisted", "sending", "unanswered", "answered", "booked", "asked",
)  # fmt: skip
SEEDS = {"sampled": range(2), "all": range(2, 22)}


class Life:
    """A session, its clock, and the venue it trades at."""

    def __init__(self, seed: int, server: ScriptedServer, clock: FakeClock) -> None:
        self.rng, self.server, self.clock = random.Random(seed), server, clock
        bars = series(BARS, seed + 1)
        feed = Feed.objects.create(
            name=f"venue{seed}", kind="replay", venue="test", timeframe="5m", pairs=sorted(bars),
            created_at=clock.now(),
        )  # fmt: skip
        publish(feed, bars)
        start = blueprint() | {"execution": "outside"}
        self.session = session_create(feed, 0, Mode.GHOST, start, clock)

    def run(self, hook: Hook, most: int) -> None:
        """Open the session, recovering it, and let it take in that many bars."""
        with self.open(hook) as engine:
            for _ in range(most // 2):
                self.turn(engine)

    @contextmanager
    def open(self, hook: Hook) -> Iterator[SessionEngine]:
        let_go(self.session)
        token = lease_claim(session_id=self.session.pk, owner="test", now=self.clock.now())
        assert token is not None
        row = DeskSession.objects.select_related("feed").get(pk=self.session.pk)
        venue = ScriptedVenue(self.server.port, self.clock, timeout_s=5, window_ms=WINDOW_MS)
        with closing(venue):
            engine = SessionEngine(
                session=row, token=token, clock=self.clock, recorders=RECORDERS, venue=venue,
                hook=hook,
            )  # fmt: skip
            engine.recover()
            yield engine

    def turn(self, engine: SessionEngine) -> None:
        """Take in the bars of a time; while the session still asks, only time passes."""
        if not engine.advance(limit=2, before_bar=self.pass_time):
            self.pass_time()

    def pass_time(self) -> bool:
        self.clock.advance(STEP_MS / 1000)
        self.server.tick()
        return True

    def flatten(self) -> None:
        """Sell everything and wait until the venue has nothing of ours any more."""
        with self.open(no_hook) as engine:
            bots = engine.state.bots
            halted = {str(bot.spec.index): [int(TradingState.HALTED), True] for bot in bots}
            engine.apply_facts([engine.fact_row(FactKind.TRADING_STATE, {"states": halted})])
            for _ in range(150):
                self.turn(engine)  # a sale that was refused is made again on the next bar
                if all(bot.position is None and not bot.orders for bot in bots):
                    return
        raise AssertionError("something is still open")


def hold_against(session: DeskSession, book: VenueBook) -> None:
    """Fail where rows and venue differ."""
    twice = {key: n for key, n in book.placed.items() if n > 1}
    assert not twice, f"more than one order for an intent: {twice}"
    assert not book.short, "something was to be sold that was not there"
    fills = Fill.objects.filter(order__session=session).values_list(
        "order__client_order_id", "trade_id", "quantity", "price", "fee"
    )
    there = [
        (t["id"], t["trade"], Decimal(t["quantity"]), Decimal(t["price"]), Decimal(t["fee"]))
        for t in book.trades
    ]
    assert sorted(fills) == sorted(there)
    orders = dict(Order.objects.filter(session=session).values_list("client_order_id", "status"))
    assert book.orders.keys() <= orders.keys(), "the venue has what nobody ordered"
    for key, placed in book.orders.items():
        assert (orders[key] == "filled") == (placed.state == "filled"), (key, placed)
    earned = sum((b.cash + b.reserved - b.bankroll for b in session.bots.all()), Decimal(0))
    assert earned == book.balances["USDT"] - 10_000
    assert not Position.objects.filter(session=session, is_open=True).exists()


@pytest.mark.parametrize("seeds", ["sampled", pytest.param("all", marks=pytest.mark.proof)])
@pytest.mark.timeout(1200)
def test_stopped_anywhere_its_rows_are_the_venues(seeds: str) -> None:
    total: Counter[str] = Counter()
    for seed in SEEDS[seeds]:
        clock = FakeClock(FIRST)
        book = VenueBook(
            clock.now_ms, {"USDT": Decimal(10_000)}, seed=seed, refusals=0.05, liveliness=0.45
        )
        with ScriptedServer(book, Script(seed, trouble=0.4), is_quick=True) as server:
            life = Life(seed, server, clock)
            life.run(no_hook, 600)  # until the strategies are warm
            for n in range(LIVES):
                with suppress(Stopped):
                    life.run(stopper(POINTS[(seed + n) % len(POINTS)], life.rng.randint(1, 12)), 40)
                    total["stops"] -= 1
                total["stops"] += 1
            server.script.is_calm = True
            life.flatten()
        session = DeskSession.objects.get(pk=life.session.pk)
        hold_against(session, book)
        report = session_verify(session_id=session.pk)
        assert report.mismatches == 0, report.examples[:5]
        total["trades"] += len(book.trades)
        total["reports"] += SessionFact.objects.filter(session=session, kind="report").count()
        total["unknown"] += OrderEvent.objects.filter(
            order__session=session, kind="unknown"
        ).count()
    n = len(SEEDS[seeds])
    assert total["stops"] >= 2 * n, total
    assert total["trades"] >= 4 * n, total
    assert total["reports"] >= 10 * n, total
    assert total["unknown"] >= n, total


def test_a_session_without_the_way_to_its_venue_does_not_begin() -> None:
    clock = FakeClock(FIRST)
    with ScriptedServer(VenueBook(clock.now_ms, {}), Script()) as server:
        life = Life(1, server, clock)
        token: Any = lease_claim(session_id=life.session.pk, owner="x", now=clock.now())
        engine = SessionEngine(session=life.session, token=token, clock=clock, recorders=RECORDERS)
        with pytest.raises(InvariantError, match="none was given"):
            engine.recover()
