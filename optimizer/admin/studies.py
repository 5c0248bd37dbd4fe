"""Studies and the ledger of searches, read-only."""

from __future__ import annotations

from django.contrib import admin

from optimizer.models import SearchLedger, Study
from trading.base.admin.history import HistoryAdmin


@admin.register(Study)
class StudyAdmin(HistoryAdmin):
    """Searches with all that steered them."""

    list_display = ("id", "status", "sampler", "done", "created_at", "heartbeat_at", "owner")
    list_filter = ("status", "sampler")
    search_fields = ("data_digest", "run_dir")

    @admin.display(description="trials", ordering="n_done")
    def done(self, row: Study) -> str:
        """Return how many trials are stored of how many wanted."""
        return f"{row.n_done:,} of {row.n_trials:,}"


@admin.register(SearchLedger)
class SearchLedgerAdmin(HistoryAdmin):
    """How often each data set was searched, deleted studies included."""

    list_display = ("digest", "n_trials", "n_studies", "n_holdout_looks", "first_at", "last_at")
    search_fields = ("data_digest",)

    @admin.display(description="data", ordering="data_digest")
    def digest(self, row: SearchLedger) -> str:
        """Return the beginning of the digest, which is enough to tell data sets apart."""
        return row.data_digest[:16]
