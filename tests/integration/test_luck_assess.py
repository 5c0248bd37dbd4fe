"""Scrutiny of stored studies: what is written, what is charged, and what nobody may look at."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from optimizer.domain.luck.figures import FIGURE_NAMES
from optimizer.domain.luck.verdict import LuckReason, LuckVerdict, verdict_of
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.schedule import LAG
from optimizer.models import SearchLedger, Study, Trial, TrialLuck
from optimizer.services.luck.assess import luck_assess
from optimizer.services.luck.choice import numbers_unchosen, places_examined
from optimizer.services.reports.reading import study_read
from optimizer.services.reports.rows import csv_bytes
from optimizer.services.reports.summary import summary_json
from optimizer.services.reports.tables import StudyTables, fold_table
from tests.factories import markets, searches, studies
from tests.fakes.clock import FakeClock
from tests.integration.luck_scene import assess, data_of, data_to_search, searched, verdicts
from trading.base.domain.errors import BadInputError

THERE = ("luck_probability",)  # joined with what happens on the holdout
pytestmark = [pytest.mark.django_db, pytest.mark.services]


@pytest.fixture(scope="module")
def data() -> StudyData:
    return data_to_search()


def test_the_ranked_trials_get_verdicts_with_all_figures(data: StudyData) -> None:
    study = searched(data)
    luck = assess(study, data)
    report = study_read(study=study, data=data, market="m", quote="DAI")
    found = verdicts(study)
    assert set(found) == {int(report.number[place]) for place in places_examined(report)}
    assert luck["examined"] == len(found)
    counts = Counter(verdict for verdict, *_ in found.values())
    assert {name: luck[name] for name in LuckVerdict} == {
        name: counts[name] for name in LuckVerdict
    }
    best = int(report.number[report.ranked("all")[0]])
    verdict, reasons, codes, figures = found[best]
    assert verdict == "survives"
    assert reasons == codes == []
    assert set(figures) == set(FIGURE_NAMES)
    assert all(isinstance(value, float) for value in figures.values())
    for verdict, reasons, codes, figures in found.values():
        assert verdict == verdict_of(codes)
        assert len(codes) == len(reasons)
        assert set(codes) <= {reason.value for reason in LuckReason}
        assert figures["pbo"] == luck["pbo"]
    assert Trial.objects.filter(study=study).count() == 64  # trials are only read


def test_every_ranked_row_of_the_files_carries_them(data: StudyData) -> None:
    study = searched(data)
    luck = assess(study, data)
    study.refresh_from_db()
    report = study_read(study=study, data=data, market="m", quote="DAI")
    text = csv_bytes(StudyTables(report).window("all").written()).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    listed = rows[:100]
    assert all(row["verdict"] in set(LuckVerdict) for row in listed)
    assert all(row["holdout_return_pct"] for row in listed)
    assert all(row["deflated_sharpe"] for row in listed if row["total_trades"] != "0")
    assert {row["luck_window"] for row in listed} == {"all"}
    closed = {reason.value for reason in LuckReason}
    for row in listed:
        codes = [code for code in row["reason_codes"].split(";") if code]
        assert row["verdict"] == verdict_of(codes)
        assert set(codes) <= closed
    summary = json.loads(summary_json(StudyTables(report), ()))
    assert summary["search"]["pbo"] == luck["pbo"]
    assert summary["search"]["holdout_look"] == 1
    assert summary["search"]["walk_forward_score"] == luck["walk_forward_score"]["score"]
    assert set(FIGURE_NAMES) < set(summary["best"]["mar"]["luck"])
    assert len(fold_table(report).records()) == len(luck["walk_forward"]) == 1


def test_assessing_again_changes_nothing_and_is_not_a_second_look(data: StudyData) -> None:
    study = searched(data)
    first = assess(study, data)
    before = verdicts(study)
    assert assess(study, data) == first
    assert verdicts(study) == before
    assert SearchLedger.objects.get().n_holdout_looks == 1


def test_an_assessment_that_is_left_halfway_leaves_the_old_one(data: StudyData) -> None:
    study = searched(data)
    assess(study, data)
    before = verdicts(study)
    asked = itertools.count()

    def leave() -> None:
        if next(asked) == 5:
            raise TimeoutError

    Study.objects.filter(pk=study.pk).update(n_done=63)
    with pytest.raises(TimeoutError):
        luck_assess(study_id=study.pk, data=data, clock=FakeClock(), between=leave)
    assert verdicts(study) == before
    assert SearchLedger.objects.get().n_holdout_looks == 1


def test_a_search_that_went_on_looks_again(data: StudyData) -> None:
    study = searched(data)
    assess(study, data)
    Study.objects.filter(pk=study.pk).update(n_done=63)
    assert assess(study, data)["holdout_look"] == 2
    assert SearchLedger.objects.get().n_holdout_looks == 2


def test_the_same_seed_gives_the_same_verdicts_and_another_other_draws(data: StudyData) -> None:
    first, second, third = (searched(data, seed=seed) for seed in (1, 1, 2))
    SearchLedger.objects.update(n_trials=500)
    for study in (first, second, third):
        SearchLedger.objects.update(n_holdout_looks=0)  # which are charged for
        assess(study, data)
    assert verdicts(first) == verdicts(second)
    assert verdicts(first) != verdicts(third)


def test_nothing_but_the_holdout_figures_knows_the_holdout(data: StudyData) -> None:
    stop = data.search_stop(searches.HOLDOUT)
    values = data.bars.values.copy()
    values[:4, stop:] *= np.linspace(1.0, 0.2, len(data.bars) - stop)
    changed = data_of(replace(data.bars, values=values))
    found = []
    for candles in (data, changed):
        SearchLedger.objects.all().delete()  # what they share would be charged for
        study = searched(candles)
        luck = assess(study, candles)
        own = verdicts(study)
        rest = [
            {k: v for k, v in figures.items() if k not in THERE and not k.startswith("holdout_")}
            for *_, figures in own.values()
        ]
        holdouts = [figures["holdout_hold_pct"] for *_, figures in own.values()]
        found.append(([*own], rest, luck["walk_forward"], luck["pbo"], holdouts))
    assert found[0][:-1] == found[1][:-1]
    assert found[0][-1] != found[1][-1]


def test_a_study_without_holdout_has_no_holdout_figures(data: StudyData) -> None:
    study = searched(data, settings={"holdout_share": 0.0})
    luck = assess(study, data)
    assert luck["holdout_bars"] == luck["holdout_look"] == 0
    assert {figures["holdout_return_pct"] for *_, figures in verdicts(study).values()} == {None}
    assert SearchLedger.objects.get().n_holdout_looks == 0


def test_those_who_speak_for_the_search_were_proposed_before_a_result_was_known(
    data: StudyData,
) -> None:
    study = searched(data)
    numbers = numbers_unchosen(study, np.random.default_rng(1))
    batches = Trial.objects.filter(study=study, number__in=numbers)
    assert set(batches.values_list("batch", flat=True)) == set(range(LAG))
    assert numbers == list(range(LAG * study.settings["batch_size"]))
    blind = searched(data, sampler="random", n_trials=240)
    drawn = numbers_unchosen(blind, np.random.default_rng(1))
    assert len(drawn) == len(set(drawn)) == 200
    assert max(drawn) > LAG * blind.settings["batch_size"]


def test_pruned_trials_speak_too_and_failed_ones_do_not() -> None:
    study = studies.study()
    studies.trials(study, studies.records(20))
    numbers = numbers_unchosen(study, np.random.default_rng(1))
    assert numbers == [k for k in range(20) if k != 7]


def test_a_study_without_complete_trials_has_an_empty_assessment(data: StudyData) -> None:
    study = studies.study(data_digest=data.data_digest())
    assert assess(study, data)["examined"] == 0
    assert not TrialLuck.objects.exists()


def test_a_missing_study_is_named(data: StudyData) -> None:
    with pytest.raises(BadInputError, match="study was 41; there is no such study"):
        luck_assess(study_id=41, data=data, clock=FakeClock())


def test_other_candles_are_refused(data: StudyData) -> None:
    study = studies.study(data_digest="ab" * 32)
    with pytest.raises(BadInputError, match="was made on abababababab"):
        assess(study, data)


@pytest.mark.parametrize(
    ("n", "step_ms", "windows", "gas", "warm_up"),
    [
        (270, 86_400_000, ("1d",), 0.2, 50),  # two bars to judge by
        (300, 3_600_000, ("1d", "30d"), 2000.0, 0),  # gas takes all the money
        (900, 300_000, ("1d", "all"), 300.0, 50),
        (400, 3_600_000, ("all",), 0.0, 0),
    ],
)
def test_odd_studies_have_an_assessment_of_finite_figures(
    n: int, step_ms: int, windows: tuple[str, ...], gas: float, warm_up: int
) -> None:
    bars = markets.random_walk(n, n, daily=2.0, tails=True)
    times = bars.open_time[0] + step_ms * np.arange(n, dtype=np.int64)
    data = StudyData(replace(bars, open_time=times), step_ms, markets.costs(0.03, gas))
    study = searches.search(data, windows=windows, n_trials=12, settings={"warm_up_bars": warm_up})
    luck = assess(study, data)
    assert luck["examined"] == 12
    json.dumps(luck, allow_nan=False)
    for verdict, _, _, figures in verdicts(study).values():
        json.dumps(figures, allow_nan=False)
        assert verdict != "survives"
