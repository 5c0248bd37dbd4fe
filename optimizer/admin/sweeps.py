"""What is on its way between the machines of a study, read-only."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest

from optimizer.models import DataBlob, SweepChunk
from trading.base.admin.history import HistoryAdmin


@admin.register(SweepChunk)
class SweepChunkAdmin(HistoryAdmin):
    """Chunks that wait for an answer, or whose answer waits to be read."""

    list_display = ("study", "key", "state", "worker", "deliveries", "sent_at")
    list_select_related = ("study",)
    fields = ("study", "key", "state", "refusal", "worker", "deliveries", "sent_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[SweepChunk]:
        """Leave the contents where they are."""
        found = super().get_queryset(request).defer("request", "answer")
        return found.annotate(answer_size=Length("answer"))

    @admin.display(description="state")
    def state(self, row: SweepChunk) -> str:
        """Return what became of it so far."""
        size = getattr(row, "answer_size", None)
        if size is not None:
            return f"answered, {size:,} bytes"
        if row.refusal:
            return f"refused: {row.refusal}"
        return "begun" if row.deliveries else "sent"


@admin.register(DataBlob)
class DataBlobAdmin(HistoryAdmin):
    """Candles and costs that workers fetch by digest."""

    list_display = ("digest", "size", "created_at", "used_at")
    fields = ("digest", "size", "created_at", "used_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataBlob]:
        """Leave the contents, which are many megabytes, where they are."""
        found = super().get_queryset(request).defer("content")
        return found.annotate(content_size=Length("content"))

    @admin.display(description="bytes")
    def size(self, row: DataBlob) -> str:
        """Return the length of the content."""
        return f"{getattr(row, 'content_size', 0):,}"
