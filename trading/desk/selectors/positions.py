"""Read positions, round trips and orders with the stop that protects them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from trading.base.domain.reasons import ExitReason
from trading.desk.models import Fill, Order, Position, RoundTrip, StopState

EXIT_TEXT: Final[dict[ExitReason, str]] = {
    ExitReason.SIGNAL: "exit signal",
    ExitReason.STOP: "stop reached",
    ExitReason.TARGET: "target reached",
    ExitReason.TIME: "held too long",
    ExitReason.KILL: "kill switch",
    ExitReason.STOP_GAP_ON_RECOVERY: "stop passed while the desk was away",
    ExitReason.END_OF_DATA: "end of data",
}


@dataclass(frozen=True, slots=True)
class PositionView:
    """One open position; prices in quote per base, times ms UTC, ``mark`` is the last close."""

    id: int
    bot_id: int
    feed_id: int
    pair: str
    strategy: str
    quote: str
    base: str
    quantity: Decimal
    entry_price: Decimal
    entry_time: int
    mark: float | None
    stop: Decimal | None
    initial_stop: Decimal | None
    target: Decimal | None
    is_trailing: bool
    is_breakeven: bool
    fees: Decimal

    @property
    def notional(self) -> Decimal | None:
        """Return the position's value at the mark, quote."""
        return None if self.mark is None else self.quantity * Decimal(repr(self.mark))

    @property
    def unrealised_pnl(self) -> Decimal | None:
        """Return the gain at the mark before exit costs, quote."""
        if self.mark is None:
            return None
        return self.quantity * (Decimal(repr(self.mark)) - self.entry_price)

    @property
    def unrealised_pct(self) -> float | None:
        """Return the gain at the mark against the entry price, in percent."""
        return None if self.mark is None else (self.mark / float(self.entry_price) - 1) * 100

    @property
    def stop_distance_pct(self) -> float | None:
        """Return how far the stop is below the mark, in percent of the mark."""
        if self.mark is None or self.stop is None:
            return None
        return (float(self.stop) / self.mark - 1) * 100


def position_list(
    session_ids: Sequence[int], marks: Mapping[tuple[int, str], float]
) -> tuple[PositionView, ...]:
    """Return the open positions, oldest first.

    Args:
        session_ids: the sessions that are the desk.
        marks: last close by (feed id, pair), quote per base.
    """
    rows = (
        Position.objects.filter(session_id__in=session_ids, is_open=True)
        .select_related("bot", "session", "stop")
        .order_by("entry_time", "id")
    )
    return tuple(_position_view(row, marks) for row in rows)


def _position_view(row: Position, marks: Mapping[tuple[int, str], float]) -> PositionView:
    stop: StopState | None = getattr(row, "stop", None)
    return PositionView(
        id=row.pk,
        bot_id=row.bot_id,
        feed_id=row.session.feed_id,
        pair=row.bot.pair,
        strategy=row.bot.strategy,
        quote=row.bot.quote,
        base=row.bot.pair.partition("/")[0],
        quantity=row.quantity,
        entry_price=row.average_entry_price,
        entry_time=row.entry_time,
        mark=marks.get((row.session.feed_id, row.bot.pair)),
        stop=stop.current_stop if stop else None,
        initial_stop=stop.initial_stop if stop else None,
        target=stop.target if stop else None,
        is_trailing=bool(stop and stop.is_trailing_armed),
        is_breakeven=bool(stop and stop.is_breakeven_armed),
        fees=row.fees,
    )


@dataclass(frozen=True, slots=True)
class RoundTripView:
    """One closed position as a result; amounts in quote, times ms UTC."""

    id: int
    pair: str
    strategy: str
    quote: str
    entry_price: Decimal
    exit_price: Decimal
    entry_time: int
    exit_time: int
    realised_pnl: Decimal
    return_pct: float
    exit_reason: str


def round_trip_list(session_ids: Sequence[int], limit: int = 8) -> tuple[RoundTripView, ...]:
    """Return the newest round trips, newest first."""
    rows = RoundTrip.objects.filter(session_id__in=session_ids).select_related("bot")
    return tuple(_round_trip_view(row) for row in rows.order_by("-id")[:limit])


def _round_trip_view(row: RoundTrip) -> RoundTripView:
    notional = row.entry_price * row.quantity
    return RoundTripView(
        id=row.pk,
        pair=row.bot.pair,
        strategy=row.bot.strategy,
        quote=row.bot.quote,
        entry_price=row.entry_price,
        exit_price=row.exit_price,
        entry_time=row.entry_time,
        exit_time=row.exit_time,
        realised_pnl=row.realised_pnl,
        return_pct=float(row.realised_pnl / notional * 100) if notional else 0.0,
        exit_reason=EXIT_TEXT[ExitReason(row.exit_reason)],
    )


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """One order with its life and its fills."""

    id: int
    bot_id: int
    session_id: int
    pair: str
    strategy: str
    quote: str
    base: str
    client_order_id: str
    side: str
    type: str
    purpose: str
    status: str
    reason: str
    quantity: Decimal
    filled_quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    average_price: Decimal | None
    bar_time: int
    decision_id: int | None
    events: tuple[dict[str, Any], ...] = field(default=())
    fills: tuple[Fill, ...] = field(default=())


def order_get(order_id: int) -> OrderDetail | None:
    """Return one order, or None when there is no such order."""
    row = Order.objects.select_related("bot").filter(pk=order_id).first()
    if row is None:
        return None
    decision = row.bot.decisions.filter(seq=row.created_seq).values_list("id", flat=True).first()
    return OrderDetail(
        id=row.pk,
        bot_id=row.bot_id,
        session_id=row.session_id,
        pair=row.bot.pair,
        strategy=row.bot.strategy,
        quote=row.bot.quote,
        base=row.bot.pair.partition("/")[0],
        client_order_id=row.client_order_id,
        side=row.side,
        type=row.type,
        purpose=row.purpose,
        status=row.status,
        reason=row.reason,
        quantity=row.quantity,
        filled_quantity=row.filled_quantity,
        limit_price=row.limit_price,
        stop_price=row.stop_price,
        average_price=row.average_price,
        bar_time=row.bar_time,
        decision_id=decision,
        events=tuple(
            {"kind": e.kind, "payload": e.payload, "event_time": e.event_time}
            for e in row.events.order_by("n")
        ),
        fills=tuple(row.fills.order_by("id")),
    )
