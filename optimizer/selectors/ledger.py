"""Read how many trials a data set is charged for: its own and those on its market and time."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from optimizer.domain.study.likeness import path_read, share_seen
from optimizer.models import SearchLedger

_PAIRS_KEPT: Final = 10_000


def trials_charged(data_digest: str) -> int:
    """Return how many trials were ever made on these candles, 0 where none were.

    Trials on other files of the same market count by the share of these candles' days they saw, so
    that neither another day of candles nor other bars, rounding, unit or name begin a new count.
    """
    own = SearchLedger.objects.filter(data_digest=data_digest).only("n_trials").first()
    if own is None:
        return 0
    others = SearchLedger.objects.exclude(data_digest=data_digest).filter(n_trials__gt=0)
    charged = own.n_trials
    for digest, n_trials in others.values_list("data_digest", "n_trials").order_by("pk"):
        charged += math.ceil(n_trials * _share(data_digest, digest))
    return charged


def _share(own: str, other: str) -> float:
    try:
        return _compared(own, other)
    except LookupError:  # of before markets were recognised, until it is searched again
        return 0.0


@lru_cache(maxsize=_PAIRS_KEPT)
def _compared(own: str, other: str) -> float:
    # a digest stands for the candles themselves, so what was compared once stays as it is
    rows = SearchLedger.objects.filter(data_digest__in=(own, other))
    stored = dict(rows.values_list("data_digest", "path"))
    mine, theirs = (path_read(stored[digest]) for digest in (own, other))
    if mine is None or theirs is None:
        raise LookupError(own if mine is None else other)
    return share_seen(mine, theirs)
