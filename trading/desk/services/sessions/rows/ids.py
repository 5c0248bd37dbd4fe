"""Find the rows that other rows of a session refer to; each is looked up at most once."""

from __future__ import annotations

from trading.base.ports.recording import RecordedSession
from trading.desk.models import Order, Position, RoundTrip


def order_id(session: RecordedSession, client_order_id: str) -> int:
    """Return the row of an order."""
    key = ("order", client_order_id)
    if key not in session.row_ids:
        rows = Order.objects.values_list("pk", flat=True)
        session.row_ids[key] = rows.get(client_order_id=client_order_id)
    return session.row_ids[key]


def position_id(session: RecordedSession, bot_index: int, n: int) -> int:
    """Return the row of a bot's position."""
    key = ("position", bot_index, n)
    if key not in session.row_ids:
        rows = Position.objects.values_list("pk", flat=True)
        session.row_ids[key] = rows.get(bot_id=session.bot_ids[bot_index], n=n)
    return session.row_ids[key]


def round_trip_id(session: RecordedSession, bot_index: int, n: int) -> int:
    """Return the row of what the bot's position ended in."""
    key = ("round trip", bot_index, n)
    if key not in session.row_ids:
        rows = RoundTrip.objects.values_list("pk", flat=True)
        session.row_ids[key] = rows.get(position_id=position_id(session, bot_index, n))
    return session.row_ids[key]
