"""The rows a session should have written, gathered from what the core put out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trading.desk.domain.decision.movements import opening_entries
from trading.desk.domain.decision.output import EquityMarked, SavingsDecided, StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.services.sessions.rows import values
from trading.desk.services.sessions.rows.values import Values
from trading.treasury.domain.ledger import Entry

Key = tuple[Any, ...]
Rows = dict[Key, Values]


@dataclass(frozen=True, slots=True)
class Before:
    """The rows a session had when another code version went on with it.

    Attributes:
        rows: how many, by table; "decisions" are counted too.
        events: steps of their lives that the orders in its books had, by client order id.
        known: by table, the keys of rows that may change yet.
    """

    rows: Mapping[str, int]
    events: Mapping[str, int]
    known: Mapping[str, frozenset[Key]]

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Before:
        """Return what a CODE fact says of it."""
        held: list[Key] = []
        for bot in payload["books"]["bots"]:
            position = bot["position"]
            held += [(position["bot_index"], position["n"])] if position is not None else []
        known = {
            "orders": frozenset((name,) for name in payload["events"]),
            "positions": frozenset(held),
            "stops": frozenset(held),
        }
        return cls(payload["rows"], payload["events"], known)

    def n_older(self, table: str, wanted: Collection[Key], n_found: int) -> int:
        """Return how many rows of a table must be there that nothing recomputed explains."""
        if table == "bots":
            return n_found - len(wanted)
        return self.rows[table] - len(self.known.get(table, frozenset()) & set(wanted))


class ExpectedRows:
    """By table, what should stand in each row; keys as in ``stored.TABLES``.

    ``before`` is what the session had when the recomputation begins, None at its start.
    """

    def __init__(self, session_id: int, before: Before | None = None) -> None:
        self._own = {"session_id": session_id}
        self._before = before
        self._n_events: Counter[str] = Counter(before.events if before else {})
        self.n_events = 0  # of all orders
        self._last: dict[int, tuple[int, int]] = {}
        self.orders: Rows = {}
        self.events: Rows = {}
        self.fills: Rows = {}
        self.positions: Rows = {}
        self.stops: Rows = {}
        self.trips: Rows = {}
        self.checkpoints: Rows = {}
        self.equity: Rows = {}
        self.bots: Rows = {}
        self.entries: Rows = {}
        self.postings: Rows = {}

    def add(self, out: StepOutput) -> None:
        """Take in one output, in the order in which they are committed."""
        for row in out.journal:
            self._last[row.bot_index] = (row.outcome, out.open_time)
        for mark in out.of(EquityMarked):
            self.equity[mark.quote, mark.time] = values.equity_values(mark)
        if not out.has_effects:
            return
        for key, position in out.positions.items():
            self.positions[key] = self._own | values.position_values(position, out.seq)
        self._add_orders(out)
        for key, stop in out.stops.items():
            self.stops[key] = values.stop_values(stop)
        for trip in out.round_trips:
            place = (trip.bot_index, trip.result.n)
            self.trips[place] = self._own | values.trip_values(trip, out.seq)
        for decided in out.of(SavingsDecided):
            place = (decided.bot_index, decided.position_n)
            self.checkpoints[place] = self._own | values.checkpoint_values(decided)
        for entry in out.entries:
            self._add_entry(entry, out.seq)

    def close(self, state: DeskState, plans: Sequence[Mapping[str, Any]]) -> None:
        """Take in the accounts as they stand at the end."""
        for entry in [] if self._before else opening_entries(state):
            self._add_entry(entry, 0)
        for plan, bot in zip(plans, state.bots, strict=True):
            index = bot.spec.index
            outcome, open_time = self._last.get(index, (None, None))
            decided = {"last_outcome": outcome, "last_bar_time": open_time}
            is_known = index in self._last or self._before is None
            self.bots[(index,)] = {
                **values.bot_identity(plan),
                **values.bot_marks(bot),
                **values.bot_account(bot),
                **(decided if is_known else {}),
            }

    def _add_entry(self, entry: Entry, seq: int) -> None:
        key = entry.kind.value, entry.ref
        self.entries[key] = values.entry_values(entry, seq)
        for n, posting in enumerate(entry.postings, start=1):
            self.postings[*key, n] = values.posting_values(posting)

    def _add_orders(self, out: StepOutput) -> None:
        for order, report in out.order_events:
            name = order.client_order_id
            self._n_events[name] += 1
            self.n_events += 1
            row = self.orders.setdefault(
                (name,), self._own | {"bot_index": order.bot_index} | values.order_values(order)
            )
            row.update(values.order_standing(order, out.seq))
            self.events[name, self._n_events[name]] = values.event_values(report)
        for fill in out.fills:
            self.fills[fill.order.client_order_id, fill.report.trade_id] = {
                "bot_index": fill.bot_index,
                "position_n": fill.position_n,
                **values.fill_values(fill),
            }
