"""Small searches to be examined, and what was stored of them."""

from __future__ import annotations

from typing import Any, Final

from optimizer.domain.study.data import StudyData
from optimizer.models import Study, TrialLuck
from optimizer.selectors.keys import number_of
from optimizer.services.luck.assess import luck_assess
from tests.factories import markets, searches
from tests.fakes.clock import FakeClock
from trading.market.domain.bars import BarArrays

STRATEGIES: Final = ("passive_hold", "csma_revert", "donchian_champion")
DAYS: Final = 170


def data_of(bars: BarArrays) -> StudyData:
    return StudyData(bars, markets.STEP_MS, markets.costs(0.02, 0.2))


def data_to_search() -> StudyData:
    """Return candles with an edge for those who buy dips."""
    return data_of(markets.pulled_back(3, DAYS * markets.DAY))


def searched(data: StudyData, **values: Any) -> Study:
    return searches.search(
        data, strategies=STRATEGIES, windows=("30d", "all"), **{"n_trials": 64, **values}
    )


def assess(study: Study, data: StudyData) -> dict[str, Any]:
    return luck_assess(study_id=study.pk, data=data, clock=FakeClock())


def verdicts(study: Study) -> dict[int, tuple[Any, ...]]:
    rows = TrialLuck.objects.filter(trial__study=study).order_by("trial_id")
    return {
        number_of(row.trial_id): (row.verdict, row.reasons, row.codes, row.figures) for row in rows
    }
