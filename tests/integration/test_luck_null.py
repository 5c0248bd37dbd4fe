"""Luck explains the best of a search where there is nothing but luck, and only there.

Markets are searched by the real engine with every strategy, most of them at no cost at all, which
is as kind to luck as a market can be. A few of each are searched by ``make test``; the acceptance
of the optimizer, 200 walks and ten of every planted edge, by ``make proof``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

import pytest

from optimizer.domain.luck.verdict import LuckVerdict
from optimizer.domain.reporting import ReportStudy
from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.services.luck.assess import luck_assess
from optimizer.services.reports.reading import study_read
from optimizer.services.reports.tables import StudyTables
from tests.factories import markets, searches
from tests.fakes.clock import FakeClock
from trading.market.domain.bars import BarArrays

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_store]
WALK_DAYS: Final = 180
EDGE_DAYS: Final = 730
TRIALS: Final = 300
SAMPLERS: Final = ("cmaes", "random")
Market = Callable[[int, int], BarArrays]

# name: the market, share lost by a round trip, gas of a side
NULLS: Final[dict[str, tuple[Market, float, float]]] = {
    "walk": (lambda seed, n: markets.random_walk(seed, n, tails=seed % 2 == 1), 0.0, 0.0),
    "stormy": (markets.stormy, 0.0, 0.0),
    "rising": (markets.rising, 0.0, 0.0),
    "costly": (markets.random_walk, 0.01, 0.2),
}
EDGES: Final[dict[str, tuple[Market, float, float]]] = {
    "pulled back": (markets.pulled_back, 0.0, 0.0),
    "two-day trends": (partial(markets.trending, drift=0.04, days=2.0), 0.0, 0.0),
    "wandering drift": (markets.drifting, 0.0, 0.0),
    "pulled back, at costs": (
        partial(markets.pulled_back, reach=0.08, half_life=150), 0.02, 0.2,
    ),
    "long trends, at costs": (partial(markets.trending, drift=0.04, days=8.0), 0.01, 0.2),
}  # fmt: skip


class Marks(NamedTuple):
    """The verdicts on the best trials and on all examined ones."""

    best: Counter[str]
    examined: Counter[str]


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
    rows = {row["trial_id"]: row["verdict"] for row in StudyTables(report).window("all").records()}
    best = {int(report.ranked("all")[0])}
    best |= {place for k in range(len(searches.OBJECTIVES)) for place in report.top(k, 1)}
    of_best = [rows[int(report.number[place])] for place in best]
    return Marks(Counter(of_best), Counter(mark for mark in rows.values() if mark is not None))


def nothing_survives(name: str, seeds: Sequence[int]) -> None:
    """Search markets without an edge, and see that luck explains what is found there."""
    market, loss, gas = NULLS[name]
    total = Marks(Counter(), Counter())
    for seed in seeds:
        bars = market(seed, WALK_DAYS * markets.DAY)
        data = StudyData(bars, markets.STEP_MS, markets.costs(loss, gas))
        report = report_of(data, seed, SAMPLERS[seed // 2 % 2])
        for sums, found in zip(total, marks(report), strict=True):
            sums.update(found)
    print(f"{name}, {len(seeds)} markets: {total}")
    for found in total:
        assert found["explained"] / found.total() >= 0.95
        assert found["survives"] == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "n"), [("walk", 6), ("stormy", 1), ("rising", 1), ("costly", 1)])
def test_the_best_of_a_market_without_an_edge_is_explained_by_luck(name: str, n: int) -> None:
    nothing_survives(name, range(n))


@pytest.mark.proof
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("name", "n"), [("walk", 200), ("stormy", 40), ("rising", 40), ("costly", 40)]
)
def test_the_best_of_many_markets_without_an_edge_is_explained_by_luck(name: str, n: int) -> None:
    nothing_survives(name, range(n))


def edge(name: str, seed: int) -> None:
    """Search a planted edge, and see that luck explains no best trial of it."""
    market, loss, gas = EDGES[name]
    bars = market(seed, EDGE_DAYS * markets.DAY)
    data = StudyData(bars, markets.STEP_MS, markets.costs(loss, gas))
    report = report_of(data, seed, SAMPLERS[seed % 2])
    found = marks(report)
    print(f"{name}, seed {seed}: {found}")
    assert found.best["explained"] == 0
    for luck in report.luck.values():
        assert bool(luck.reasons) == (luck.verdict is not LuckVerdict.SURVIVES)
    # what has no edge here is told apart from what has one
    holds = [k for k, name in enumerate(report.strategy) if name == "passive_hold"]
    assert report.luck[int(report.number[holds[0]])].verdict is LuckVerdict.EXPLAINED


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", EDGES)
def test_luck_does_not_explain_the_best_of_a_planted_edge(name: str) -> None:
    edge(name, 0)


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 10))
@pytest.mark.parametrize("name", EDGES)
def test_luck_explains_no_best_of_ten_planted_edges(name: str, seed: int) -> None:
    edge(name, seed)
