"""Orders, fills, positions, stops, round trips and savings checkpoints, read-only."""

from __future__ import annotations

from django.contrib import admin

from trading.base.admin.history import HistoryAdmin, HistoryInline, utc_column
from trading.desk.models import (
    Fill,
    Order,
    OrderEvent,
    Position,
    RoundTrip,
    SavingsCheckpoint,
    StopState,
)


class OrderEventInline(HistoryInline):
    """The order's life."""

    model = OrderEvent
    fields = ("n", "kind", "payload", "event_time")
    readonly_fields = fields


class FillInline(HistoryInline):
    """The order's executions."""

    model = Fill
    fields = ("trade_id", "side", "quantity", "price", "fee", "slippage", "event_time")
    readonly_fields = fields


@admin.register(Order)
class OrderAdmin(HistoryAdmin):
    """Orders with their life and fills."""

    list_display = ("client_order_id", "bot", "side", "type", "purpose", "status", "quantity")
    list_filter = ("status", "purpose", "side")
    list_select_related = ("bot",)
    search_fields = ("client_order_id",)
    inlines = (OrderEventInline, FillInline)


@admin.register(OrderEvent)
class OrderEventAdmin(HistoryAdmin):
    """Single steps of orders."""

    list_display = ("order", "n", "kind", "happened")
    list_filter = ("kind",)
    list_select_related = ("order",)
    ordering = ("-id",)

    happened = utc_column("event_time", "time (UTC)")


@admin.register(Fill)
class FillAdmin(HistoryAdmin):
    """Executions."""

    list_display = (
        "trade_id",
        "order",
        "side",
        "quantity",
        "price",
        "order__bot__quote",
        "fee",
        "happened",
    )
    list_filter = ("side", "is_maker")
    list_select_related = ("order",)
    search_fields = ("trade_id", "order__client_order_id")

    happened = utc_column("event_time", "time (UTC)")


class StopInline(HistoryInline):
    """What protects the position."""

    model = StopState
    fields = ("initial_stop", "current_stop", "target", "is_breakeven_armed", "is_trailing_armed")
    readonly_fields = fields


@admin.register(Position)
class PositionAdmin(HistoryAdmin):
    """Positions with their stop."""

    list_display = (
        "bot",
        "n",
        "is_open",
        "quantity",
        "average_entry_price",
        "bot__quote",
        "realised_pnl",
        "opened",
    )
    list_filter = ("is_open", "bot__strategy")
    list_select_related = ("bot",)
    inlines = (StopInline,)

    opened = utc_column("entry_time", "entered (UTC)")


@admin.register(StopState)
class StopStateAdmin(HistoryAdmin):
    """Stops."""

    list_display = ("position", "initial_stop", "current_stop", "is_trailing_armed", "revision")
    list_select_related = ("position__bot",)


@admin.register(RoundTrip)
class RoundTripAdmin(HistoryAdmin):
    """Closed positions as results."""

    list_display = (
        "bot",
        "entry_price",
        "exit_price",
        "bot__quote",
        "realised_pnl",
        "fees",
        "exit_reason",
        "closed",
    )
    list_filter = ("exit_reason", "bot__strategy")
    list_select_related = ("bot",)

    closed = utc_column("exit_time", "closed (UTC)")


@admin.register(SavingsCheckpoint)
class SavingsCheckpointAdmin(HistoryAdmin):
    """Every evaluation of a profit, set aside or skipped."""

    list_display = (
        "bot",
        "is_accepted",
        "skip_reason",
        "quote",
        "profit",
        "candidate",
        "reserved",
        "token",
        "required_min",
    )
    list_filter = ("is_accepted", "skip_reason")
    list_select_related = ("bot",)
