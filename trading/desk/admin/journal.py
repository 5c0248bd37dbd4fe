"""The decision journal, read-only, with each record unpacked."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from trading.base.admin.history import HistoryAdmin, utc_column
from trading.base.domain.reasons import OUTCOME_TEXT, Outcome
from trading.desk.models import Decision
from trading.desk.selectors.decisions import decision_get


@admin.register(Decision)
class DecisionAdmin(HistoryAdmin):
    """One record per bot and closed bar."""

    list_display = ("id", "bot", "opened", "seq", "said")
    list_filter = ("bot__strategy", "bot__pair", "outcome")
    list_select_related = ("bot",)
    fields = ("bot", "opened", "seq", "said", "gates")
    readonly_fields = fields

    opened = utc_column("open_time", "bar opened (UTC)")

    @admin.display(description="outcome", ordering="outcome")
    def said(self, row: Decision) -> str:
        """Return the outcome in words."""
        return OUTCOME_TEXT[Outcome(row.outcome)]

    @admin.display(description="gates")
    def gates(self, row: Decision) -> SafeString:
        """Return every gate with what was observed, the limit and the verdict."""
        detail = decision_get(row.pk)
        lines = [] if detail is None else detail.gates
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (g.title, g.observed, g.limit, "passed" if g.is_passed else "not passed")
                for g in lines
            ),
        )
        head = "<tr><th>Gate</th><th>Observed</th><th>Limit</th><th>Verdict</th></tr>"
        return format_html("<table>{}{}</table>", SafeString(head), rows)
