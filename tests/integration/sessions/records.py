"""Everything a session wrote, without row ids and wall times, so that two runs can be compared."""

from __future__ import annotations

from typing import Any

from trading.desk.models import Decision, DeskSession, Fill
from trading.treasury.models import LedgerPosting

ORDER = (
    "bot__index", "side", "type", "purpose", "status", "quantity", "limit_price", "stop_price",
    "filled_quantity", "average_price", "reason", "bar_time", "created_seq", "updated_seq",
)  # fmt: skip
FILL = (
    "order__bot__index", "position__n", "side", "quantity", "price", "notional", "fee",
    "slippage", "gas_cost", "is_maker", "event_time",
)  # fmt: skip
POSITION = (
    "bot__index", "n", "is_open", "quantity", "average_entry_price", "entry_time", "exit_time",
    "realised_pnl", "fees", "updated_seq", "stop__current_stop", "stop__high_water",
    "stop__revision", "stop__is_trailing_armed", "stop__is_breakeven_armed",
)  # fmt: skip
TRIP = ("bot__index", "position__n", "realised_pnl", "gross_pnl", "fees", "exit_reason", "exit_seq")
CHECKPOINT = (
    "bot__index", "round_trip__position__n", "is_accepted", "skip_reason", "profit", "candidate",
    "reserved", "estimated_fees", "required_min", "equilibrium_score", "is_healthy",
)  # fmt: skip
POSTING = (
    "entry__kind", "entry__mode", "entry__seq", "entry__event_time", "n", "account", "place",
    "bot_index", "currency", "amount",
)  # fmt: skip
BOT = (
    "index",
    "cash",
    "reserved",
    "realised_pnl",
    "equity",
    "n_round_trips",
    "n_wins",
    "last_outcome",
)


def written(session_id: int) -> dict[str, Any]:
    """Return all rows of the session by kind, each sorted."""
    session = DeskSession.objects.get(pk=session_id)

    def rows(queryset: Any, fields: tuple[str, ...]) -> list[Any]:
        return sorted(queryset.values_list(*fields), key=repr)

    orders = session.orders.all()
    events = [
        (order.bot.index, order.purpose, order.created_seq, event.n, event.kind, event.event_time)
        for order in orders.select_related("bot")
        for event in order.events.all()
    ]
    return {
        "digest": (session.digest, session.cursor_seq, session.n_decisions),
        "decisions": [
            (index, seq, bytes(record))
            for index, seq, record in Decision.objects.filter(bot__session=session)
            .order_by("seq", "bot__index")
            .values_list("bot__index", "seq", "record")
        ],
        "orders": rows(orders, ORDER),
        "order events": sorted(events),
        "fills": rows(Fill.objects.filter(order__session=session), FILL),
        "positions": rows(session.positions, POSITION),
        "round trips": rows(session.round_trips, TRIP),
        "checkpoints": rows(session.checkpoints, CHECKPOINT),
        "bots": rows(session.bots, BOT),
        "ledger": rows(LedgerPosting.objects.filter(entry__session_id=session_id), POSTING),
        "equity": rows(session.equity_points, ("bar_time", "equity", "reserved")),
    }
