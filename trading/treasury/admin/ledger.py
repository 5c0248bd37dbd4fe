"""How money moved, read-only."""

from __future__ import annotations

from django.contrib import admin

from trading.base.admin.history import HistoryAdmin, HistoryInline, utc_column
from trading.treasury.models import LedgerEntry, LedgerPosting


class LedgerPostingInline(HistoryInline):
    """Where from and where to."""

    model = LedgerPosting
    fields = ("n", "account", "place", "bot_index", "currency", "amount")
    readonly_fields = fields


@admin.register(LedgerEntry)
class LedgerEntryAdmin(HistoryAdmin):
    """Movements with their postings."""

    list_display = ("kind", "ref", "mode", "session_id", "seq", "happened")
    list_filter = ("mode", "kind")
    search_fields = ("ref", "=session_id")
    inlines = (LedgerPostingInline,)

    happened = utc_column("event_time", "time (UTC)")


@admin.register(LedgerPosting)
class LedgerPostingAdmin(HistoryAdmin):
    """Single postings, as an account statement."""

    list_display = (
        "entry",
        "account",
        "place",
        "bot_index",
        "currency",
        "amount",
        "happened",
    )
    list_filter = ("account", "place", "currency")
    list_select_related = ("entry",)
    ordering = ("-id",)
    search_fields = ("entry__ref", "=entry__session_id")

    happened = utc_column("entry__event_time", "time (UTC)")
