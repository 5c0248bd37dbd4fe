"""How many rows a session has, by table: what a change of code remembers of those before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Count, Model

from trading.desk.models import (
    Decision,
    EquityPoint,
    Fill,
    Order,
    OrderEvent,
    Position,
    RoundTrip,
    SavingsCheckpoint,
    StopState,
)
from trading.treasury.models import LedgerEntry, LedgerPosting

_OF_SESSION: Final[dict[str, tuple[type[Model], str]]] = {
    "decisions": (Decision, "bot__session"),
    "orders": (Order, "bot__session"),
    "events": (OrderEvent, "order__bot__session"),
    "fills": (Fill, "order__bot__session"),
    "positions": (Position, "bot__session"),
    "stops": (StopState, "position__bot__session"),
    "trips": (RoundTrip, "bot__session"),
    "checkpoints": (SavingsCheckpoint, "bot__session"),
    "equity": (EquityPoint, "session"),
    "entries": (LedgerEntry, "session_id"),
    "postings": (LedgerPosting, "entry__session_id"),
}


def rows_count(session_id: int) -> dict[str, int]:
    """Return the number of rows by table, under the names ``desk verify`` uses."""
    return {
        name: model._default_manager.filter(**{lookup: session_id}).count()
        for name, (model, lookup) in _OF_SESSION.items()
    }


def events_count(order_ids: Iterable[str]) -> dict[str, int]:
    """Return how many steps of their lives these orders have stored."""
    rows = Order.objects.filter(client_order_id__in=list(order_ids)).order_by()
    return dict(rows.annotate(n=Count("events")).values_list("client_order_id", "n"))
