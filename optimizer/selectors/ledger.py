"""Read how many trials a data set is charged for: its own, and those on candles it shares."""

from __future__ import annotations

import math

from optimizer.models import SearchLedger


def trials_charged(data_digest: str) -> int:
    """Return how many trials were ever made on these candles, 0 where none were.

    Trials on other files of the same market count by the share of these candles' weeks they saw, so
    that downloading another day does not begin a new count.
    """
    own = SearchLedger.objects.filter(data_digest=data_digest).first()
    if own is None:
        return 0
    weeks = set(own.weeks)
    others = SearchLedger.objects.exclude(pk=own.pk).filter(n_trials__gt=0)
    charged = own.n_trials
    for n_trials, seen in others.values_list("n_trials", "weeks").order_by("pk"):
        shared = len(weeks.intersection(seen))
        if shared:
            charged += math.ceil(n_trials * shared / len(weeks))
    return charged
