"""The orders of a study: highest first, the first of equals first, gaps left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from optimizer.domain.reporting import ReportStudy
from tests import report_scene


@pytest.fixture(scope="module")
def study() -> ReportStudy:
    study = report_scene.study()
    # few different scores, so that many are equal
    return replace(study, scores=np.round(study.scores))


@pytest.mark.parametrize("count", [1, 10, 500])
def test_the_highest_scores_are_those_of_sorting_all(study: ReportStudy, count: int) -> None:
    for objective in range(len(report_scene.OBJECTIVES)):
        scores = study.scores[:, objective].tolist()
        known = [place for place, score in enumerate(scores) if math.isfinite(score)]
        wanted = sorted(known, key=lambda place, scores=scores: -scores[place])[:count]
        assert study.top(objective, count) == wanted
        assert study.best(objective) == wanted[0]


def test_a_window_is_sorted_once_and_its_order_stays(study: ReportStudy) -> None:
    order = study.ranked("90d")
    gain = study.metric("90d", "total_return_pct")
    assert (np.diff(gain[order]) <= 0).all()
    assert order.shape[0] == np.isfinite(gain).sum()
    assert study.ranked("90d") is order
    with pytest.raises(ValueError, match="read-only"):
        order[0] = 1


def test_a_few_places_are_sorted_among_themselves(study: ReportStudy) -> None:
    among = np.array([7, 3, 5, 11, 10], dtype=np.int64)  # 5 and 10 were pruned
    assert set(study.ranked("1y", among).tolist()) == {3, 7, 11}
