"""Feeds and the log of closed bars, read-only."""

from __future__ import annotations

from django.contrib import admin

from trading.admin.history import HistoryAdmin, utc_column
from trading.models import Feed, StreamBar


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
