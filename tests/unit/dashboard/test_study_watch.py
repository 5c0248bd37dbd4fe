"""A browser that watches a study hears of what changed, trials or not."""

from __future__ import annotations

import pytest

from dashboard.pages.study.watch import StudyRequest, StudyWatch
from optimizer.models import Study
from optimizer.services.sweeps.silence import silence_sentence
from tests import factories as make
from trading.base import bootstrap

pytestmark = pytest.mark.django_db


def test_what_a_study_waits_for_is_told_without_new_trials() -> None:
    row = make.study(now=bootstrap.system_clock().now())
    watch = StudyWatch(StudyRequest(row.pk, "return"))
    watch.snapshot()
    assert watch.delta() is None
    for silent_s, said in ((20, "for 20 s"), (30, "for 30 s")):
        Study.objects.filter(pk=row.pk).update(status_reason=silence_sentence(silent_s))
        told = watch.delta()
        assert told is not None
        assert said in told["progress"]["sentence"]
        assert (told["from"], told["n"], told["progress"]["state"]) == (0, 0, "running")
        assert watch.delta() is None
