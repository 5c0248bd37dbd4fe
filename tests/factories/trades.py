"""Orders, fills, positions and what came of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.factories.desk import START_MS
from trading.base.domain.reasons import ExitReason
from trading.desk.models import (
    Bot,
    Fill,
    Order,
    OrderEvent,
    Position,
    RoundTrip,
    SavingsCheckpoint,
    StopState,
)


def position(of: Bot, *, entry: str = "100", stop: str | None = "97", **values: Any) -> Position:
    """Return an open position of one base with its stop."""
    defaults: dict[str, Any] = {
        "session": of.session,
        "bot": of,
        "n": of.positions.count() + 1,
        "quantity": Decimal(1),
        "average_entry_price": Decimal(entry),
        "entry_time": START_MS,
        "updated_seq": 1,
    }
    row = Position.objects.create(**{**defaults, **values})
    if stop is not None:
        StopState.objects.create(
            position=row,
            initial_stop=Decimal(stop),
            current_stop=Decimal(stop),
            high_water=Decimal(entry),
            water_mark_time=START_MS,
            trail_distance=Decimal(4),
            trail_activation_price=Decimal(entry) * Decimal("1.015"),
        )
    return row


def order(of: Bot, purpose: str = "entry", **values: Any) -> Order:
    """Return an order of one base."""
    n = Order.objects.count() + 1
    defaults: dict[str, Any] = {
        "session": of.session,
        "bot": of,
        "client_order_id": f"test-order-{n:04d}",
        "side": "buy" if purpose == "entry" else "sell",
        "type": "stop_market" if purpose == "stop" else "market",
        "purpose": purpose,
        "status": "filled",
        "quantity": Decimal(1),
        "filled_quantity": Decimal(1),
        "bar_time": START_MS,
        "created_seq": 1,
        "updated_seq": 1,
    }
    return Order.objects.create(**{**defaults, **values})


def fill(of: Order, at: Position, price: str = "100", *, event_time: int = START_MS) -> Fill:
    """Return the whole order filled at once."""
    return Fill.objects.create(
        order=of,
        position=at,
        trade_id=f"trade-{of.pk}",
        side=of.side,
        quantity=of.quantity,
        price=Decimal(price),
        notional=of.quantity * Decimal(price),
        fee=Decimal("0.1"),
        slippage=Decimal("0.02"),
        event_time=event_time,
    )


def order_event(of: Order, kind: str, event_time: int, **payload: Any) -> OrderEvent:
    """Append one step to an order's life."""
    return OrderEvent.objects.create(
        order=of, n=of.events.count() + 1, kind=kind, payload=payload, event_time=event_time
    )


def round_trip(of: Position, exit_price: str = "110", *, exit_time: int = START_MS) -> RoundTrip:
    """Close the position at the price and return the result."""
    quantity, entry = of.quantity, of.average_entry_price
    gross = (Decimal(exit_price) - entry) * quantity
    Position.objects.filter(pk=of.pk).update(is_open=False, quantity=0, exit_time=exit_time)
    return RoundTrip.objects.create(
        position=of,
        session=of.session,
        bot=of.bot,
        quantity=quantity,
        entry_price=entry,
        exit_price=Decimal(exit_price),
        entry_time=of.entry_time,
        exit_time=exit_time,
        gross_pnl=gross,
        fees=Decimal("0.2"),
        realised_pnl=gross - Decimal("0.2"),
        exit_reason=int(ExitReason.SIGNAL),
        exit_seq=1,
    )


def checkpoint(of: RoundTrip, **values: Any) -> SavingsCheckpoint:
    """Return the accepted checkpoint of a round trip with 15 % of its profit."""
    candidate = round(of.realised_pnl * Decimal("0.15"), 2)
    defaults: dict[str, Any] = {
        "round_trip": of,
        "session": of.session,
        "bot": of.bot,
        "is_accepted": True,
        "token": of.bot.quote,
        "quote": of.bot.quote,
        "profit": of.realised_pnl,
        "candidate": candidate,
        "reserved": candidate,
        "estimated_fees": Decimal("0.65"),
        "required_min": Decimal("1.2285"),
        "ratio": Decimal("0.15"),
        "fee_guard": Decimal("1.89"),
        "fee_policy": "plan_notional_guess",
        "equilibrium_score": 0.4,
        "is_healthy": True,
        "break_even_pct": 8.19,
        "event_time": of.exit_time,
    }
    return SavingsCheckpoint.objects.create(**{**defaults, **values})
