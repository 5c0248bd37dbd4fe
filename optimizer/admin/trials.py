"""Trials with their figures and what scrutiny made of them, read-only.

There are millions of them: lists are in the order of the key, and nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from optimizer.domain.study.records import metrics_unpack
from optimizer.models import Trial, TrialLuck, TrialScores, WindowMetrics
from optimizer.selectors.scores import scores_unpack
from trading.base.admin.history import HistoryAdmin, HistoryInline


def values_table(head: str, values: Mapping[str, float | None]) -> SafeString:
    """Return figures by name as a table; what has no bound is a dash."""
    rows = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td></tr>",
        ((name, "-" if value is None else f"{value:,.6g}") for name, value in values.items()),
    )
    return format_html("<table><tr><th>{}</th><th>Value</th></tr>{}</table>", head, rows)


def scores_named(row: TrialScores) -> SafeString:
    """Return scores by the names of the study's objectives."""
    return values_table("Objective", scores_unpack(row.packed, row.trial.study.objectives))


class WindowMetricsInline(HistoryInline):
    """The trial over each window."""

    model = WindowMetrics
    fields = ("window", "total_return_pct")
    readonly_fields = fields


class TrialScoresInline(HistoryInline):
    """What the objectives made of the last window."""

    model = TrialScores
    fields = ("scores",)
    readonly_fields = fields

    @admin.display(description="scores")
    def scores(self, row: TrialScores) -> SafeString:
        """Return every score by name."""
        return scores_named(row)


@admin.register(Trial)
class TrialAdmin(HistoryAdmin):
    """Trials."""

    list_display = ("study", "number", "strategy", "status", "attempts", "elapsed_us")
    list_filter = ("status", "strategy", "study")
    list_select_related = ("study",)
    inlines = (WindowMetricsInline, TrialScoresInline)


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
        return values_table("Metric", metrics_unpack(bytes(row.packed)))


@admin.register(TrialScores)
class TrialScoresAdmin(HistoryAdmin):
    """What the objectives made of the last window of one trial."""

    list_display = ("trial", "steering")
    list_select_related = ("trial",)
    fields = ("trial", "scores")
    readonly_fields = fields

    @admin.display(description="scores")
    def scores(self, row: TrialScores) -> SafeString:
        """Return every score by name."""
        return scores_named(row)


@admin.register(TrialLuck)
class TrialLuckAdmin(HistoryAdmin):
    """What scrutiny says of a result, and why."""

    list_display = ("trial", "verdict", "said", "ledger_trials", "created_at")
    list_filter = ("verdict",)
    list_select_related = ("trial",)

    @admin.display(description="reasons")
    def said(self, row: TrialLuck) -> str:
        """Return the sentences."""
        return "; ".join(row.reasons)
