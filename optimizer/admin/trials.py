"""Trials with their figures and what scrutiny made of them, read-only.

There are millions of them: lists are in the order of the key, and nothing is counted twice.
"""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from optimizer.domain.study.records import metrics_unpack
from optimizer.models import ObjectiveScore, Trial, TrialLuck, WindowMetrics
from trading.admin.history import HistoryAdmin, HistoryInline


def metrics_table(packed: bytes) -> SafeString:
    """Return packed metrics as a table; a ratio without bound is a dash."""
    rows = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td></tr>",
        (
            (name, "-" if value is None else f"{value:,.6g}")
            for name, value in metrics_unpack(packed).items()
        ),
    )
    head = SafeString("<tr><th>Metric</th><th>Value</th></tr>")
    return format_html("<table>{}{}</table>", head, rows)


class WindowMetricsInline(HistoryInline):
    """The trial over each window."""

    model = WindowMetrics
    fields = ("window", "total_return_pct")
    readonly_fields = fields


class ObjectiveScoreInline(HistoryInline):
    """What the objectives made of the last window."""

    model = ObjectiveScore
    fields = ("objective", "score")
    readonly_fields = fields


@admin.register(Trial)
class TrialAdmin(HistoryAdmin):
    """Trials."""

    list_display = ("study", "number", "strategy", "status", "attempts", "elapsed_us")
    list_filter = ("status", "strategy", "study")
    list_select_related = ("study",)
    inlines = (WindowMetricsInline, ObjectiveScoreInline)


@admin.register(WindowMetrics)
class WindowMetricsAdmin(HistoryAdmin):
    """The metrics of one trial over one window."""

    list_display = ("trial", "window", "total_return_pct")
    list_filter = ("window",)
    list_select_related = ("trial",)
    fields = ("trial", "window", "metrics")
    readonly_fields = fields

    @admin.display(description="metrics")
    def metrics(self, row: WindowMetrics) -> SafeString:
        """Return every metric by name."""
        return metrics_table(bytes(row.packed))


@admin.register(ObjectiveScore)
class ObjectiveScoreAdmin(HistoryAdmin):
    """Single scores."""

    list_display = ("trial", "objective", "score")
    list_filter = ("objective",)
    list_select_related = ("trial",)


@admin.register(TrialLuck)
class TrialLuckAdmin(HistoryAdmin):
    """Why luck explains a result, or that it does not."""

    list_display = ("trial", "explained", "said", "ledger_trials", "created_at")
    list_filter = ("explained",)
    list_select_related = ("trial",)

    @admin.display(description="reasons")
    def said(self, row: TrialLuck) -> str:
        """Return the sentences."""
        return "; ".join(row.reasons)
