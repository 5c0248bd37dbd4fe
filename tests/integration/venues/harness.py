"""Drive orders through their lives before a venue that loses answers, while our side keeps dying.

``live`` takes a factory of sessions: whatever opens one from what is stored and talks to the venue
it is given can be put through it.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from tests.fakes.clock import FakeClock
from tests.fakes.scripted.book import VenueBook
from tests.fakes.scripted.client import ScriptedVenue
from tests.fakes.scripted.faults import Script
from tests.fakes.scripted.server import ScriptedServer, audit
from trading.base.ports.clock import Clock
from trading.desk.domain.execution.orders import Order, OrderStatus
from trading.desk.ports.venue import Venue
from trading.desk.services.execution.outside import Hook, VenueTalk, no_hook

POINTS = ("committing", "committed", "sending", "unanswered", "answered", "booked", "asked")
INTENTS = ("enter", "enter", "hold", "ratchet", "ratchet", "hold", "exit")
BOTS = 3
WINDOW_MS = 200
ENTRY_LIFE_MS = 5_000
MONEY = Decimal(10_000)


class Session(Protocol):
    """What is put through it; opening one recovers it."""

    orders: dict[str, Order]
    fills: dict[tuple[str, str], tuple[Decimal, ...]]
    talk: VenueTalk

    def turn(self, intent: str, bot: int) -> None: ...
    def reconcile(self) -> None: ...
    @property
    def is_flat(self) -> bool: ...
    def earned(self) -> Decimal: ...
    def close(self) -> None: ...


class SessionFactory(Protocol):
    """Opens the session stored at ``path``."""

    def __call__(
        self, path: Path, venue: Venue, clock: Clock, *, hook: Hook, entry_life_ms: int
    ) -> Session: ...


class Stopped(BaseException):
    """The process is dead; nothing after this happened."""


def stopper(point: str, nth: int) -> Hook:
    """Return a hook that stops everything the nth time ``point`` is passed."""
    seen: Counter[str] = Counter()

    def hook(passed: str) -> None:
        seen[passed] += 1
        if passed == point and seen[passed] == nth:
            raise Stopped

    return hook


def live(
    seed: int, path: Path, factory: SessionFactory, *, lives: int = 8, turns: int = 14
) -> dict[str, Any]:
    """Live that often until stopped, then once to the end; return the venue's account of it."""
    rng, clock = random.Random(seed), FakeClock()
    book = VenueBook(clock.now_ms, {"USDT": MONEY}, seed=seed, refusals=0.05, liveliness=0.45)
    with ScriptedServer(book, Script(seed, trouble=0.4), is_quick=True) as server:
        stops = 0
        for life in range(lives):
            hook = stopper(POINTS[(seed + life) % len(POINTS)], rng.randint(1, 8))
            with run(factory, path, server.port, clock, hook) as running, suppress(Stopped):
                running.open()
                for _ in range(turns):
                    running.step(rng, server.tick)
                stops -= 1
            stops += 1
        server.script.is_calm = True
        with run(factory, path, server.port, clock, no_hook) as running:
            running.open()
            end(running, server.tick)
            with server.lock:
                compare(running.session, audit(book))
                return {**audit(book), "stops": stops, "faults": server.script.seen}


class run:  # noqa: N801 - reads as a word in ``with run(...)``
    """One life of our side: a connection and a session that may never come to be."""

    session: Session

    def __init__(
        self,
        factory: SessionFactory,
        path: Path,
        port: int,
        clock: Clock,
        hook: Hook,
        window_ms: int = WINDOW_MS,
    ) -> None:
        self._open = lambda venue: factory(
            path, venue, clock, hook=hook, entry_life_ms=ENTRY_LIFE_MS
        )
        self.clock = clock
        self._venue = ScriptedVenue(port, clock, timeout_s=5, window_ms=window_ms)
        self.window_ms = window_ms
        self._is_open = False

    def __enter__(self) -> run:
        return self

    def __exit__(self, *_: object) -> None:
        self._venue.close()
        if self._is_open:
            self.session.close()

    def open(self) -> None:
        self.session = self._open(self._venue)
        self._is_open = True

    def step(self, rng: random.Random, tick: Callable[[], object]) -> None:
        """One turn of the loop, as it comes."""
        self.session.turn(rng.choice(INTENTS), rng.randrange(BOTS))
        tick()
        pass_time(self.clock, rng.choice((1, 20, self.window_ms + 1, 5 * self.window_ms)))
        if rng.random() < 0.2:
            self.session.reconcile()


def pass_time(clock: Clock, ms: int) -> None:
    if isinstance(clock, FakeClock):
        clock.advance(ms / 1000)
    else:
        time.sleep(ms / 1000)


def end(running: run, tick: Callable[[], object], most: int = 200) -> None:
    """Sell everything and wait until nothing is open."""
    for n in range(most):
        running.session.turn("exit", n % BOTS)
        tick()
        pass_time(running.clock, running.window_ms + 1)
        running.session.reconcile()
        if n > BOTS and running.session.is_flat:
            return
    raise AssertionError(f"still asking: {running.session.talk.disputes}")


def compare(session: Session, there: dict[str, Any]) -> None:
    """Hold the books against the venue: orders, fills, money."""
    assert not session.talk.disputes
    assert not session.talk.strangers
    assert not there["short"], "something was to be sold that was not there"
    twice = {key: n for key, n in there["placed"].items() if n > 1}
    assert not twice, f"more than one order for an intent: {twice}"
    at_venue = {word["id"]: word for word in there["orders"]}
    for key, order in session.orders.items():
        word = at_venue.pop(key, None)
        assert order.status.is_final, f"{key} is {order.status}, {word}"
        if word is None:
            assert order.status in {OrderStatus.REJECTED, OrderStatus.CANCELLED}, order
            assert order.filled_quantity == 0
            continue
        assert word["state"] != "open"
        assert order.filled_quantity == Decimal(word["filled"])
        assert (order.status is OrderStatus.FILLED) == (word["state"] == "filled")
    assert not at_venue, "the venue has what nobody ordered"
    trades = {
        (t["id"], t["trade"]): (Decimal(t["quantity"]), Decimal(t["price"]), Decimal(t["fee"]))
        for t in there["trades"]
    }
    assert session.fills == trades
    balances = {name: Decimal(total) for name, total in there["balances"].items()}
    assert session.earned() == balances.pop("USDT") - MONEY
    assert not any(balances.values()), balances
