"""Admin of what must not change: anybody allowed may look, nobody may add, change or delete.

Orders of an operator (pause, kill, settings) have their own pages, which ask for a reason and
record who gave them; a row edited here would have neither.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest


def utc_column(field: str, title: str) -> Callable[[admin.ModelAdmin, Any], str]:
    """Return a column of a list that shows ``field``, ms UTC, as people write it."""

    @admin.display(description=title, ordering=field)
    def column(_admin: admin.ModelAdmin, row: Any) -> str:
        ms: int | None = getattr(row, field)
        if ms is None or ms < 0:
            return "-"
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

    return column


class _WrittenByTheDesk:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the desk writes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: history does not change."""
        return False


class HistoryAdmin(_WrittenByTheDesk, admin.ModelAdmin):
    """Read-only: rows are written by the desk alone."""

    show_full_result_count = False  # the journal has millions of rows
    list_per_page = 50
    actions: Any = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: history does not go away."""
        return False


class HistoryInline(_WrittenByTheDesk, admin.TabularInline):
    """Rows of history below the row they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True
