"""Choose what to scrutinise, and the trials that speak for the search because nothing chose them.

Those who judge the search must not be picked by their results. A sampler that learns proposes its
first ``LAG`` batches before it has seen a result; one that does not learn never does anything else.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.domain.reporting import ReportStudy
from optimizer.domain.study.records import TrialStatus
from optimizer.domain.study.schedule import LAG
from optimizer.models import Study, Trial

TOP: Final = 100  # by return on the ranking window, as many as a page lists
WINDOW_TOP: Final = 10  # by return on every other window, what its table shows first
OBJECTIVE_TOP: Final = 10  # by score, likewise
FIELD_MOST: Final = 200  # trials that stand for the search
_BLIND: Final = frozenset({"random", "qmc"})  # samplers that results do not steer


def places_examined(report: ReportStudy, top: int = TOP) -> list[int]:
    """Return the places worth scrutiny, each once.

    The highest scores of every objective, the highest returns, and the highest return of every
    strategy, all on the window scores come from; and the highest returns on every other window,
    so that no table begins with trials nobody examined.
    """
    others = [window for window in report.facts.windows if window != report.ranking_window]
    beside = [place for window in others for place in report.ranked(window)[:WINDOW_TOP].tolist()]
    ranked = report.ranked(report.ranking_window).tolist()
    n_objectives = len(report.facts.objectives)
    best = [place for k in range(n_objectives) for place in report.top(k, OBJECTIVE_TOP)]
    of_strategy: dict[str, int] = {}
    for place in ranked:
        of_strategy.setdefault(report.strategy[place], place)
    return list(dict.fromkeys([*best, *ranked[:top], *of_strategy.values(), *beside]))


def numbers_unchosen(study: Study, rng: np.random.Generator) -> list[int]:
    """Return numbers of trials that were proposed without knowing a result, growing.

    At most ``FIELD_MOST``, drawn at random; pruned trials are among them, because only their
    results were cut short.
    """
    trials = Trial.objects.filter(study=study).exclude(status=TrialStatus.FAILED.value)
    if study.sampler not in _BLIND:
        trials = trials.filter(batch__lt=LAG)
    numbers = np.array(trials.order_by("number").values_list("number", flat=True), dtype=np.int64)
    if numbers.shape[0] > FIELD_MOST:
        numbers = np.sort(rng.choice(numbers, FIELD_MOST, replace=False))
    return [int(number) for number in numbers]
