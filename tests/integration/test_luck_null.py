"""The report calls the best of a search luck where there is nothing but luck, and only there.

Walks are searched by the real engine with every strategy at no cost at all, which is as kind to
luck as a market can be. ``GUARDIAN_NULL_WALKS`` sets how many; 200 are the acceptance of the
optimizer, a handful run by default.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

import pytest

from optimizer.domain.reporting import ReportStudy
from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.services.luck.assess import luck_assess
from optimizer.services.reports.reading import study_read
from optimizer.services.reports.tables import StudyTables
from tests.factories import markets, searches
from tests.fakes.clock import FakeClock

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
WALKS: Final = int(os.environ.get("GUARDIAN_NULL_WALKS", "6"))
WALK_DAYS: Final = 180
TRIALS: Final = 300


class Marks(NamedTuple):
    """Of the best trials, and of all examined ones: how many, and how many luck explains."""

    best: int
    best_explained: int
    examined: int
    examined_explained: int


def report_of(data: StudyData, seed: int, sampler: str) -> ReportStudy:
    study = searches.search(data, n_trials=TRIALS, seed=seed, sampler=sampler)
    luck_assess(study_id=study.pk, data=data, clock=FakeClock())
    report = study_read(
        study=Study.objects.get(pk=study.pk), data=data, market="walk", quote="quote"
    )
    study.delete()
    return report


def marks(report: ReportStudy) -> Marks:
    """Return what the rows of the report say."""
    rows = {
        row["trial_id"]: row["explained"] for row in StudyTables(report).window("all").records()
    }
    best = {int(report.ranked("all")[0])}
    best |= {place for k in range(len(searches.OBJECTIVES)) for place in report.top(k, 1)}
    of_best = [rows[int(report.number[place])] for place in best]
    examined = [mark for mark in rows.values() if mark is not None]
    return Marks(len(of_best), of_best.count("true"), len(examined), examined.count("true"))


@pytest.mark.timeout(60 + 60 * WALKS)
def test_the_best_of_a_random_walk_is_explained_by_luck() -> None:
    found = []
    for seed in range(WALKS):
        bars = markets.random_walk(seed, WALK_DAYS * markets.DAY, tails=seed % 2 == 1)
        data = StudyData(bars, markets.STEP_MS, markets.costs())
        found.append(marks(report_of(data, seed, ("cmaes", "random")[seed // 2 % 2])))
    total = Marks(*map(sum, zip(*found, strict=True)))
    print(f"{WALKS} walks: {total}")
    assert total.best >= WALKS
    assert total.best_explained / total.best >= 0.95
    assert total.examined_explained / total.examined >= 0.95


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["pulled_back", "trending"])
def test_the_best_of_a_planted_edge_is_not(kind: str, seed: int) -> None:
    if kind == "pulled_back":
        # with 300 days it depends on the draws whether 300 trials find enough of it
        bars = markets.pulled_back(seed, 450 * markets.DAY, reach=0.08, half_life=150)
        data = StudyData(bars, markets.STEP_MS, markets.costs(0.02, 0.2))
    else:
        # a trend is one bet: it takes two years until there are enough of them
        bars = markets.trending(seed, 730 * markets.DAY, drift=0.04, daily=0.03, days=8.0)
        data = StudyData(bars, markets.STEP_MS, markets.costs(0.01, 0.2))
    report = report_of(data, seed, "cmaes")
    found = marks(report)
    assert found.best_explained == 0
    # what has no edge here is told apart from what has one
    holds = [k for k, name in enumerate(report.strategy) if name == "passive_hold"]
    assert report.luck[int(report.number[holds[0]])].explained
    assert found.examined_explained < found.examined
