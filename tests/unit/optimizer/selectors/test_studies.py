"""Studies and trials as pages read them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from optimizer.models import SearchLedger, Study, TrialScores, WindowMetrics
from optimizer.selectors.points import trial_points
from optimizer.selectors.studies import QUIET_S, study_get, study_list
from optimizer.selectors.trials import best_trials, ranked_trials, trial_counts, trial_get
from tests import factories as make
from tests.factories.desk import NOW
from tests.factories.studies import OBJECTIVES

pytestmark = pytest.mark.django_db
N = 60


@pytest.fixture
def study() -> Study:
    """Return a study with sixty trials, between two others whose rows must not show."""
    before, made, after = (make.study() for _ in range(3))
    for other in (before, after):
        make.trials(other, make.records(3))
    make.trials(made, make.records(N))
    return made


def view(study: Study, **ago: float):  # type: ignore[no-untyped-def]
    found = study_get(study.pk, NOW + timedelta(**ago))
    assert found is not None
    return found


def returns(study: Study) -> dict[int, float]:
    rows = WindowMetrics.objects.filter(trial__study=study, window="all")
    return dict(rows.values_list("trial__number", "total_return_pct"))


def scores(objective: str) -> dict[int, float]:
    place = OBJECTIVES.index(objective)
    return {r.number: r.score_values()[place] for r in make.records(N) if r.scores}


def scores_set(study: Study, number: int, objective: str, score: float) -> None:
    row = TrialScores.objects.get(trial__study=study, trial__number=number)
    values = np.frombuffer(row.packed).copy()
    values[OBJECTIVES.index(objective)] = score
    row.packed = values.tobytes()
    row.save()


@pytest.mark.parametrize(
    ("changes", "seconds", "state"),
    [
        ({}, 0, "running"),
        ({}, QUIET_S + 1, "stalled"),
        ({"is_cancel_wanted": True}, 0, "stopping"),
        ({"is_cancel_wanted": True}, QUIET_S + 1, "stalled"),
        ({"status": Study.Status.CANCELLED}, 0, "cancelled"),
        ({"status": Study.Status.FINISHED}, 0, "finished"),
        ({"owner": ""}, 0, "waiting"),
        ({"owner": ""}, QUIET_S + 1, "waiting"),
    ],
)
def test_the_state_says_what_happens_now(
    study: Study, changes: dict[str, object], seconds: float, state: str
) -> None:
    Study.objects.filter(pk=study.pk).update(**changes)
    found = view(study, seconds=seconds)
    assert found.state == state
    assert found.can_cancel is (state in {"waiting", "running", "stalled"})
    assert found.can_resume is (state in {"stalled", "cancelled", "failed"})


def test_the_rate_gives_the_time_left(study: Study) -> None:
    study.heartbeat_at = NOW + timedelta(seconds=10)
    study.save()
    found = view(study, seconds=10)
    assert found.per_second == pytest.approx(N / 10)
    assert found.eta_s == pytest.approx((200 - N) / (N / 10))


def test_the_rate_of_the_last_run_is_preferred(study: Study) -> None:
    study.figures = {"trials_per_second": 420.0}
    study.save()
    assert view(study).per_second == 420.0


def test_every_search_on_the_same_candles_counts(study: Study) -> None:
    SearchLedger.objects.create(
        data_digest=study.data_digest, n_trials=5_000, n_studies=9, first_at=NOW, last_at=NOW
    )
    assert view(study).n_searched == 5_000


def test_the_list_has_the_best_return_and_what_scrutiny_made_of_it(study: Study) -> None:
    gains = returns(study)
    best = max(gains, key=lambda number: (gains[number], -number))
    make.luck(study, best)
    line = next(line for line in study_list(NOW) if line.study.id == study.pk)
    assert line.best_return_pct == gains[best]
    assert line.luck is not None
    assert line.luck.verdict == "explained"
    assert [found.study.id for found in study_list(NOW)] == sorted(
        (line.study.id for line in study_list(NOW)), reverse=True
    )


def test_a_study_without_trials_has_no_best() -> None:
    empty = make.study()
    line = study_list(NOW)[0]
    assert (line.study.id, line.best_return_pct, line.luck) == (empty.pk, None, None)
    assert ranked_trials(view(empty)) == ()
    assert [best.trial for best in best_trials(view(empty))] == [None] * 4


def test_trials_are_ranked_by_return_highest_first(study: Study) -> None:
    found = ranked_trials(view(study), limit=20)
    gains = returns(study)
    assert [t.return_pct for t in found] == sorted(gains.values(), reverse=True)[:20]
    assert all(gains[t.number] == t.return_pct for t in found)
    make.luck(study, found[0].number)
    again = ranked_trials(view(study), limit=2)
    assert again[0].luck is not None
    assert again[0].luck.reasons[1] == "It lost 8.20 % on the holdout."
    assert again[1].luck is None


def test_the_best_of_every_objective_is_its_highest_score(study: Study) -> None:
    for best in best_trials(view(study)):
        known = scores(best.objective)
        assert best.score == max(known.values())
        assert best.trial is not None
        assert best.trial.number == min(n for n in known if known[n] == best.score)
        assert best.trial.scores[best.objective] == best.score


@pytest.mark.parametrize("score", [float("inf"), float("nan"), float("-inf")])
def test_an_unbounded_score_is_not_the_best(study: Study, score: float) -> None:
    scores_set(study, 0, "mar", score)
    best = next(b for b in best_trials(view(study)) if b.objective == "mar")
    assert best.score == max(found for number, found in scores("mar").items() if number)
    trial = trial_get(view(study), 0)
    assert trial is not None
    assert trial.view.scores == {n: scores(n)[0] for n in OBJECTIVES} | {"mar": None}


def test_the_earliest_of_equals_is_the_best(study: Study) -> None:
    for number in (41, 12, 30):
        scores_set(study, number, "cps_v2", 1e6)
    best = next(b for b in best_trials(view(study)) if b.objective == "cps_v2")
    assert best.trial is not None
    assert (best.score, best.trial.number) == (1e6, 12)


def test_an_objective_nobody_has_a_score_of_has_no_best(study: Study) -> None:
    for number in scores("mar"):
        scores_set(study, number, "mar", float("nan"))
    found = {best.objective: (best.score, best.trial) for best in best_trials(view(study))}
    assert found.pop("mar") == (None, None)
    assert all(trial is not None for _, trial in found.values())


def test_every_ending_is_counted(study: Study) -> None:
    assert trial_counts(study.pk) == {"ok": 47, "pruned": 12, "failed": 1}


def test_points_after_a_number_are_the_rest_of_all_points(study: Study) -> None:
    every = trial_points(view(study))
    gains = returns(study)
    assert every.number.tolist() == sorted(gains)
    assert every.value.tolist() == [gains[n] for n in sorted(gains)]
    late = trial_points(view(study), after=30)
    assert late.number.tolist() == [n for n in sorted(gains) if n > 30]
    names = [view(study).strategies[p] for p in every.place]
    assert names == [make.records(N)[n].strategy for n in every.number]


def test_points_of_an_objective_are_its_scores(study: Study) -> None:
    scores_set(study, 12, "mar", float("nan"))
    found = trial_points(view(study), "mar")
    known = {number: score for number, score in scores("mar").items() if number != 12}
    assert found.number.tolist() == list(known)
    assert found.value.tolist() == list(known.values())
    late = trial_points(view(study), "mar", after=30)
    assert late.number.tolist() == [number for number in known if number > 30]


def test_one_trial_has_every_window_it_was_evaluated_on(study: Study) -> None:
    whole, pruned, failed = (trial_get(view(study), number) for number in (0, 4, 7))
    assert whole is not None
    assert pruned is not None
    assert failed is not None
    assert list(whole.windows) == ["1d", "2d", "all"]
    assert (list(pruned.windows), pruned.status, pruned.view.return_pct) == (["1d"], "pruned", None)
    assert (failed.windows, failed.status) == ({}, "failed")
    assert "no_such" in failed.error
    assert trial_get(view(study), N) is None
