"""Sessions with everything that steers and remembers them, read-only but for stopping."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from trading.base.admin.history import HistoryAdmin, HistoryInline, utc_column
from trading.desk.models import (
    Bot,
    BotRearm,
    DeskSession,
    EquityPoint,
    SessionFact,
    SessionLease,
    SessionSnapshot,
    TradingControl,
)
from trading.desk.services.sessions.opening import sessions_stop


class InputInline(HistoryInline):
    """What steered the session, and from which bar on."""

    model = SessionFact
    fields = ("n", "kind", "after_seq", "created_at")
    readonly_fields = fields


class BotInline(HistoryInline):
    """The session's bots."""

    model = Bot
    fields = ("index", "pair", "strategy", "quote", "equity", "reserved", "n_round_trips")
    readonly_fields = fields


@admin.register(DeskSession)
class DeskSessionAdmin(HistoryAdmin):
    """Sessions; one may be asked to stop, which its worker does after the bar at hand."""

    list_display = ("id", "mode", "feed", "status", "is_wanted", "cursor_seq", "n_decisions")
    list_filter = ("mode", "status", "is_wanted")
    list_select_related = ("feed",)
    inlines = (BotInline, InputInline)
    actions = ("stop",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return True for people who may operate the desk."""
        return bool(request.user.has_perm("desk.operate_desk"))

    @admin.action(description="Stop the chosen sessions", permissions=["operate"])
    def stop(self, request: HttpRequest, rows: QuerySet[DeskSession]) -> None:
        """Ask the sessions to stop; positions stay open with their stops recorded."""
        n = sessions_stop(session_ids=list(rows.values_list("pk", flat=True)))
        messages.success(request, f"{n} session(s) asked to stop after the bar at hand.")


@admin.register(SessionLease)
class SessionLeaseAdmin(HistoryAdmin):
    """Who runs which session."""

    list_display = ("session", "owner", "token", "heartbeat_at", "expires_at")
    list_select_related = ("session",)


@admin.register(SessionFact)
class SessionFactAdmin(HistoryAdmin):
    """Policies and trading states as sessions took them in."""

    list_display = ("session", "n", "kind", "after_seq", "created_at")
    list_filter = ("kind",)
    list_select_related = ("session",)


@admin.register(SessionSnapshot)
class SessionSnapshotAdmin(HistoryAdmin):
    """States a session can go on from; the bytes themselves are of no use to people."""

    list_display = ("session", "cursor_seq", "checksum", "created_at")
    list_select_related = ("session",)
    exclude = ("state",)


@admin.register(Bot)
class BotAdmin(HistoryAdmin):
    """Bots with their money and results."""

    list_display = (
        "pair",
        "strategy",
        "session",
        "quote",
        "equity",
        "reserved",
        "realised_pnl",
        "n_round_trips",
    )
    list_filter = ("strategy", "pair")
    list_select_related = ("session",)
    search_fields = ("pair", "strategy")


@admin.register(EquityPoint)
class EquityPointAdmin(HistoryAdmin):
    """Equity over bar time."""

    list_display = ("session", "closed", "quote", "equity", "reserved")
    list_select_related = ("session",)
    ordering = ("-id",)

    closed = utc_column("bar_time", "bar closed (UTC)")


@admin.register(TradingControl)
class TradingControlAdmin(HistoryAdmin):
    """What operators ordered, when and why; new orders are given on the desk's page."""

    list_display = ("created_at", "scope", "name", "state", "flatten", "reason", "actor")
    list_filter = ("scope", "state")
    search_fields = ("reason", "actor")


@admin.register(BotRearm)
class BotRearmAdmin(HistoryAdmin):
    """Bots that people let enter again after their drawdown; given on the desk's page."""

    list_display = ("created_at", "bot", "drawdown_pct", "reason", "actor")
    list_select_related = ("bot",)
    search_fields = ("reason", "actor")
