"""What tests look up in a study, and how they read a page."""

from __future__ import annotations

from optimizer.models import Study


def best(study: Study) -> int:
    """Return the number of the trial with the highest return."""
    rows = study.trials.filter(window_metrics__window="all")
    return int(rows.order_by("-window_metrics__total_return_pct")[0].number)
