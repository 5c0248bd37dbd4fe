"""Feeds and the log of closed bars, read-only."""

from __future__ import annotations

from django.contrib import admin

from trading.base.admin.history import HistoryAdmin, utc_column
from trading.market.models import BarRevision, Feed, FeedPair, RefusedBar, StreamBar


@admin.register(Feed)
class FeedAdmin(HistoryAdmin):
    """Sources of bars and how far they are."""

    list_display = ("name", "kind", "venue", "timeframe", "status", "last_seq", "last_bar_at")
    list_filter = ("kind", "status", "venue")
    search_fields = ("name", "venue")


@admin.register(StreamBar)
class StreamBarAdmin(HistoryAdmin):
    """Closed bars in the order they were published."""

    list_display = (
        "seq",
        "feed",
        "pair",
        "opened",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "flags",
    )
    list_filter = ("feed", "pair")
    list_select_related = ("feed",)
    ordering = ("-id",)

    opened = utc_column("open_time", "opened (UTC)")


@admin.register(FeedPair)
class FeedPairAdmin(HistoryAdmin):
    """How each pair of a feed is followed."""

    list_display = (
        *("feed", "pair", "state", "reason", "bar", "delay_ms", "n_bars", "n_gaps", "n_missing"),
        *("n_late", "n_revised", "n_refused", "n_quarantined"),
    )
    list_filter = ("feed", "state")
    list_select_related = ("feed",)

    bar = utc_column("last_open_time", "last bar (UTC)")


@admin.register(RefusedBar)
class RefusedBarAdmin(HistoryAdmin):
    """Bars that were set aside, and why."""

    list_display = ("feed", "pair", "opened", "reason", "shown", "seen_at")
    list_filter = ("feed", "pair", "reason")
    list_select_related = ("feed",)

    opened = utc_column("open_time", "opened (UTC)")


@admin.register(BarRevision)
class BarRevisionAdmin(HistoryAdmin):
    """Stored bars that a venue changed afterwards."""

    list_display = ("bar", "old", "new", "made_at")
    list_filter = ("feed",)
    list_select_related = ("bar",)
