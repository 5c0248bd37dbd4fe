"""What tests look up in a study, how they read a page, and what others searched since."""

from __future__ import annotations

from optimizer.models import SearchLedger, Study
from tests.factories.desk import NOW


def best(study: Study) -> int:
    """Return the number of the trial with the highest return."""
    rows = study.trials.filter(window_metrics__window="all")
    return int(rows.order_by("-window_metrics__total_return_pct")[0].number)


def grow(study: Study, n_trials: int) -> None:
    """Let so many trials be made on the candles of a study, ever."""
    SearchLedger.objects.update_or_create(
        data_digest=study.data_digest,
        defaults={"n_trials": n_trials, "n_studies": 9, "first_at": NOW, "last_at": NOW},
    )
