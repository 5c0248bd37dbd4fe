"""Verdicts as pages read them: charged for what was made since, in a fixed number of queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from optimizer.domain.luck import sharpe
from optimizer.domain.luck.standing import VerdictCounts
from optimizer.domain.luck.verdict import LuckVerdict
from optimizer.models import SearchLedger, Study
from optimizer.selectors.studies import StudyView, study_get, study_list
from optimizer.selectors.trials import ranked_trials, trial_get
from optimizer.selectors.walk_forward import search_verdict
from tests import factories as make
from tests.factories.desk import NOW
from tests.factories.studies import MOMENTS

pytestmark = pytest.mark.django_db
JUDGED, MADE = 200, 26_400


@pytest.fixture
def study() -> Study:
    """Return a finished study, examined when 200 trials were made on its candles."""
    return finished()


def finished() -> Study:
    made = make.study(
        status=Study.Status.FINISHED,
        luck={
            "examined": 9, "explained": 6, "not_proven": 1, "survives": 2, "n_searched": JUDGED,
            "sharpe_hurdle": sharpe.luck_hurdle(0.9, JUDGED), "sharpe_variance": 0.9,
        },
    )  # fmt: skip
    make.trials(made, make.records(20))
    return made


def grow(study: Study) -> None:
    SearchLedger.objects.create(
        data_digest=study.data_digest, n_trials=MADE, n_studies=9, first_at=NOW, last_at=NOW
    )


def view(study: Study) -> StudyView:
    found = study_get(study.pk, NOW)
    assert found is not None
    return found


def first(study: Study) -> int:
    return ranked_trials(view(study), limit=1)[0].number


def test_a_survivor_is_charged_for_the_trials_made_since(study: Study) -> None:
    number = first(study)
    make.luck_survived(study, number, JUDGED)
    before = ranked_trials(view(study), limit=1)[0].luck
    assert before is not None
    assert before.verdict is LuckVerdict.SURVIVES
    grow(study)
    detail = trial_get(view(study), number)
    assert detail is not None
    for luck in (
        detail.view.luck,
        ranked_trials(view(study), limit=1)[0].luck,
        study_list(NOW)[0].luck,
    ):
        assert luck is not None
        assert (luck.verdict, luck.codes) == (LuckVerdict.NOT_PROVEN, ("deflated_sharpe",))
        assert luck.figures.deflated_sharpe == sharpe.deflated_sharpe(MOMENTS, MADE)
        assert (luck.n_judged, luck.n_charged) == (JUDGED, MADE)


def test_a_verdict_from_before_the_moments_were_kept_says_at_how_many_it_was_judged(
    study: Study,
) -> None:
    number = first(study)
    make.luck_open(study, number, JUDGED)
    grow(study)
    luck = ranked_trials(view(study), limit=1)[0].luck
    assert luck is not None
    assert luck.is_behind
    assert (luck.verdict, luck.n_judged, luck.n_made) == (LuckVerdict.NOT_PROVEN, JUDGED, MADE)


def test_verdicts_are_counted_as_they_stand(study: Study) -> None:
    assert view(study).verdicts == VerdictCounts(6, 1, 2)
    make.luck_survived(study, 1, JUDGED)
    make.luck_survived(study, 2, JUDGED, sharpe_per_period=0.9)
    make.luck_open(study, 3, JUDGED)
    grow(study)
    assert view(study).verdicts == VerdictCounts(6, 2, 1)
    assert view(make.study()).verdicts is None


def test_the_hurdle_of_the_search_is_the_one_of_the_count_beside_it(study: Study) -> None:
    grow(study)
    found = search_verdict(view(study))
    assert found.n_searched == found.hurdle.n_made == MADE
    assert found.hurdle.now == sharpe.luck_hurdle(0.9, MADE)
    assert (found.hurdle.n_judged, found.hurdle.judged) == (
        JUDGED,
        sharpe.luck_hurdle(0.9, JUDGED),
    )


def asked(read: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        read()
    return len(queries)


def test_charging_asks_no_query_a_row(study: Study) -> None:
    grow(study)
    make.luck_survived(study, 0, JUDGED)
    seen = view(study)
    one = asked(lambda: ranked_trials(seen))
    for number in range(1, 7):
        make.luck_survived(study, number, JUDGED)
    assert asked(lambda: ranked_trials(seen)) == one
    alone = asked(lambda: study_list(NOW))
    finished()
    two = asked(lambda: study_list(NOW))
    finished()
    # a line asks for its best trial and the verdict on it; the counts of all come at once
    assert asked(lambda: study_list(NOW)) - two == two - alone == 2
