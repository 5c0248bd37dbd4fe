"""Every trial ever made on the same candles is charged for, whoever made it and whenever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest

from optimizer.domain.luck.standing import VerdictCounts
from optimizer.domain.luck.verdict import LuckVerdict
from optimizer.domain.study.data import StudyData
from optimizer.models import SearchLedger, Study, TrialLuck
from optimizer.selectors.ledger import trials_charged
from optimizer.selectors.studies import study_get, study_list
from optimizer.selectors.trials import ranked_trials
from optimizer.services.reports.reading import study_read
from tests.factories import markets
from tests.factories.desk import NOW
from tests.integration.luck_scene import (
    DAYS,
    assess,
    data_of,
    data_to_search,
    searched,
    verdicts,
)
from trading.market.domain.bars import BarArrays, FloatArray

pytestmark = [pytest.mark.django_db, pytest.mark.services]


@pytest.fixture(scope="module")
def data() -> StudyData:
    return data_to_search()


def test_deleted_studies_are_charged_for(data: StudyData) -> None:
    study = searched(data, sampler="random", seed=5)
    assess(study, data)
    alone = verdicts(study)
    for seed in (6, 7):
        gone = searched(data, sampler="random", seed=seed, n_trials=40)
        assess(gone, data)
        gone.delete()
    assert Study.objects.count() == 1
    ledger = SearchLedger.objects.get()
    assert (ledger.n_trials, ledger.n_studies, ledger.n_holdout_looks) == (144, 3, 3)
    charged = assess(study, data)
    assert charged["n_searched"] == 144
    assert TrialLuck.objects.first().ledger_trials == 144
    after = verdicts(study)
    ratios = [(alone[n][3]["deflated_sharpe"], after[n][3]["deflated_sharpe"]) for n in alone]
    assert [(first is None, then is None) for first, then in ratios].count((True, False)) == 0
    pairs = [pair for pair in ratios if None not in pair]  # of those that traded
    assert all(later <= earlier for earlier, later in pairs)
    open_ones = [(earlier, later) for earlier, later in pairs if 1e-6 < earlier < 1 - 1e-6]
    assert open_ones
    assert all(later < earlier for earlier, later in open_ones)


def test_trials_made_later_are_charged_to_a_finished_study_wherever_it_is_read(
    data: StudyData,
) -> None:
    study = searched(data)
    first = assess(study, data)
    SearchLedger.objects.update(n_trials=10**9)
    study.refresh_from_db()
    report = study_read(study=study, data=data, market="m", quote="DAI")
    view = study_get(study.pk, NOW)
    assert view is not None
    ranked = {trial.number: trial.luck for trial in ranked_trials(view)}
    then = assess(study, data)  # what examining it now makes of it
    stored = verdicts(study)
    assert set(ranked) <= set(stored) == set(report.luck)
    for number, luck in report.luck.items():
        found = (luck.verdict, [*luck.reasons], [*luck.codes], asdict(luck.figures))
        assert found == stored[number]
        assert (luck.n_judged, luck.n_charged) == (64, 10**9)
        assert ranked.get(number, luck) == luck
    assert report.search.sharpe_hurdle == pytest.approx(then["sharpe_hurdle"])
    assert report.search.hurdle_judged == first["sharpe_hurdle"]
    assert view.verdicts == VerdictCounts(*(then[name] for name in LuckVerdict))
    assert first["explained"] < then["explained"]  # or nothing was shown here
    line = next(line for line in study_list(NOW) if line.study.id == study.pk)
    assert line.luck is not None
    assert line.luck.verdict == stored[int(report.number[report.ranked("all")[0]])][0]


def test_another_day_of_candles_does_not_begin_a_new_count(data: StudyData) -> None:
    shorter = StudyData(data.bars.slice(0, len(data.bars) - markets.DAY), data.step_ms, data.costs)
    searched(shorter)
    study = searched(data)
    assert SearchLedger.objects.count() == 2
    charged = assess(study, data)["n_searched"]
    assert 126 <= charged <= 128  # of the day that is new, those made elsewhere saw nothing
    assert trials_charged(data.data_digest()) == charged


def test_other_candles_are_not_charged_for(data: StudyData) -> None:
    searched(data_of(markets.random_walk(1, DAYS * markets.DAY)))
    study = searched(data)
    assert assess(study, data)["n_searched"] == 64
    assert trials_charged("ff" * 32) == 0


def resampled(data: StudyData, n: int) -> StudyData:
    """Return the candles with bars ``n`` times as long."""
    values, first = data.bars.values, data.bars.open_time
    step_ms = n * data.step_ms
    group = first // step_ms
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(starts[1:], len(first)) - 1
    rows = [
        values[0][starts],
        np.maximum.reduceat(values[1], starts),
        np.minimum.reduceat(values[2], starts),
        values[3][ends],
        np.add.reduceat(values[4], starts),
    ]
    bars = BarArrays(group[starts] * step_ms, np.stack(rows), np.zeros(len(starts), dtype=np.uint8))
    return StudyData(bars, step_ms, data.costs)


def changed(data: StudyData, values: FloatArray) -> StudyData:
    bars = BarArrays(data.bars.open_time, np.ascontiguousarray(values), data.bars.flags)
    return StudyData(bars, data.step_ms, data.costs)


@pytest.mark.parametrize(
    "disguise",
    [
        lambda data: resampled(data, 3),
        lambda data: resampled(data, 12),
        lambda data: changed(data, np.round(data.bars.values, 5)),
        lambda data: changed(data, data.bars.values * 1e-9),
    ],
    ids=["15-minute bars", "hours", "rounded", "another unit"],
)
def test_the_same_market_in_disguise_does_not_begin_a_new_count(
    data: StudyData, disguise: Callable[[StudyData], StudyData]
) -> None:
    searched(data)
    other = disguise(data)
    assert other.data_digest() != data.data_digest()
    searched(other)
    assert SearchLedger.objects.count() == 2
    assert 126 <= trials_charged(other.data_digest()) <= 128
    assert 126 <= trials_charged(data.data_digest()) <= 128
