"""A small session for crash tests: facts in SQLite, the real core, the real talk with a venue.

Opening is recovering: the facts are replayed through the core, nothing is sent, then the venue is
asked. What a bar would decide is an intent here, so that every life of an order is reached.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.integration.sessions.market import blueprint
from trading.base.domain.reasons import ExitReason
from trading.base.domain.side import Side
from trading.base.ports.clock import Clock
from trading.desk.domain.decision.accounts import protect
from trading.desk.domain.decision.core import DeskCore
from trading.desk.domain.decision.exits import order_exit
from trading.desk.domain.decision.orders import OrderDraft, submit_order
from trading.desk.domain.decision.output import Command, StepOutput
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderType,
)
from trading.desk.domain.execution.stops import StopState
from trading.desk.ports.venue import Venue
from trading.desk.services.execution.books import StateBooks
from trading.desk.services.execution.outside import Hook, VenueTalk
from trading.desk.services.execution.reports import reports_dump, reports_load
from trading.desk.services.sessions.blueprint import state_build

STEP_MS = 300_000


@cache
def plan() -> dict[str, Any]:
    return blueprint()


class ScriptSession:
    """Fulfils ``harness.Session``.

    Attributes:
        orders: by client id, every order there ever was, as the books have it.
        fills: by trade id and order, quantity, price and fee of every fill booked.
        talk: with the venue.
    """

    def __init__(
        self, path: Path, venue: Venue, clock: Clock, *, hook: Hook, entry_life_ms: int
    ) -> None:
        self._clock, self._hook = clock, hook
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma synchronous = off")
        self._db.execute("create table if not exists fact (n integer primary key, payload text)")
        self._facts: list[dict[str, Any]] = []
        self._core = DeskCore(state_build(plan(), session_key="crash"))
        self.orders: dict[str, Order] = {}
        self.fills: dict[tuple[str, str], tuple[Decimal, ...]] = {}
        self._replay()
        books = StateBooks(self._core.state, hear=self._hear, hold=lambda: None)
        self.talk = VenueTalk(
            venue=venue, books=books, clock=clock, entry_life_ms=entry_life_ms, hook=hook
        )
        try:
            self.talk.recover()
        except BaseException:  # stopped before it was there
            self.close()
            raise

    def turn(self, intent: str, bot: int) -> None:
        """Listen, decide as told, commit, send; ask what is not known."""
        self.talk.listen()
        if intent != "enter" or not self.talk.is_asking():
            committed = self._clock.now_ms()
            fact = {"intent": intent, "bot": bot, "now": committed}
            out = self._decide(fact)
            self._facts.append(fact)
            self._commit(out)
            self._hook("committed")
            self.talk.send(out.commands, committed_ms=committed)
        self.talk.ask()

    def reconcile(self) -> None:
        self.talk.reconcile()

    @property
    def is_flat(self) -> bool:
        """Return True when nothing is open, and nothing is left to ask."""
        bots = self._core.state.bots
        flat = all(bot.position is None and not bot.orders for bot in bots)
        return flat and not self.talk.is_asking()

    def earned(self) -> Decimal:
        """Return what all bots have more than they began with."""
        bots = self._core.state.bots
        return sum((b.cash + b.reserved - b.spec.bankroll for b in bots), Decimal(0))

    def close(self) -> None:
        self._db.close()

    def _replay(self) -> None:
        for (payload,) in self._db.execute("select payload from fact order by n"):
            fact = json.loads(payload)
            if "intent" in fact:
                out = self._decide(fact)
            else:
                out = self._core.apply_reports(reports_load(fact["reports"]))
            self._keep(out)
            assert self._books() == fact["books"], "a replay must come out as it was"

    def _hear(self, reports: Sequence[ExecutionReport]) -> Sequence[Command]:
        self._facts.append({"reports": reports_dump(reports)})
        out = self._core.apply_reports(reports)
        self._commit(out)
        return out.commands

    def _commit(self, out: StepOutput) -> None:
        self._db.execute("begin")
        for fact in self._facts:
            text = json.dumps({**fact, "books": self._books()})
            self._db.execute("insert into fact (payload) values (?)", (text,))
        self._facts.clear()
        self._hook("committing")
        self._db.execute("commit")
        self._keep(out)

    def _keep(self, out: StepOutput) -> None:
        for order, _ in out.order_events:
            self.orders[order.client_order_id] = order
        for booked in out.fills:
            report = booked.report
            assert report.price is not None
            key = report.client_order_id, report.trade_id
            assert key not in self.fills
            self.fills[key] = report.quantity, report.price, report.fee

    def _books(self) -> str:
        return repr([
            (b.cash, b.reserved, b.position, b.stop and b.stop.current_stop, [*b.orders.values()])
            for b in self._core.state.bots
        ])  # fmt: skip

    def _decide(self, fact: dict[str, Any]) -> StepOutput:
        state = self._core.state
        bot = state.bots[fact["bot"]]
        pair = state.pairs[bot.spec.pair]
        state.seq += 1
        pair.last_open_time = fact["now"] - STEP_MS
        out = StepOutput(state.seq, pair.last_open_time, fact["now"])
        if fact["intent"] == "enter" and bot.position is None and not bot.orders:
            bot.entry_atr = 1.5
            draft = OrderDraft(
                side=Side.BUY,
                type=OrderType.MARKET,
                purpose=OrderPurpose.ENTRY,
                quantity=Decimal("1.234"),
                reason="told to",
                budget=bot.cash,
            )
            submit_order(state, pair, bot, draft, out)
        elif fact["intent"] == "exit":
            order_exit(state, pair, bot, ExitReason.SIGNAL, out)
        elif bot.working(OrderPurpose.EXIT) is None:
            if fact["intent"] == "ratchet" and bot.stop is not None:
                bot.stop = raised(bot.stop)
            protect(state, pair, bot, out)
        return out


def raised(stop: StopState) -> StopState:
    """Return the stop a little higher."""
    return replace(stop, current_stop=stop.current_stop + Decimal("0.1"))
