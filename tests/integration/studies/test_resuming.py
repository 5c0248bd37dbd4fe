"""A study goes on where nobody works on it, and a refused attempt leaves everything as it was."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from optimizer import bootstrap
from optimizer.models import Study
from optimizer.services.studies.control import (
    LEASE_TTL,
    Claimant,
    study_claim,
    study_resume,
    study_stop,
)
from optimizer.services.studies.refusals import StudyRefusedError, VersionChangedError
from optimizer.services.studies.run import running
from optimizer.services.studies.run.running import RunEnd
from tests.fakes.clock import FakeClock
from tests.integration.studies.conftest import Bench
from trading.base.domain.errors import BadInputError

pytestmark = pytest.mark.django_db(transaction=True)
DEAD = ("otherhost:4242:deadbeef", f"{socket.gethostname()}:1:x")
VERSION = "0123456789abcdef numpy 2.2.0 numba 0.61.0"
Resume = Callable[..., Study]


@pytest.fixture
def study(bench: Bench) -> Study:
    return bench.open()


@pytest.fixture
def clock(study: Study) -> FakeClock:
    return FakeClock(int(study.created_at.timestamp() * 1000) + 1)


@pytest.fixture
def resume(study: Study, clock: FakeClock) -> Resume:
    """Return what resumes the study as the command does, or for the next worker as the page."""

    def resumed(owner: str = "", *, is_alive: bool = True, **workers: Any) -> Study:
        by = Claimant(owner, VERSION, clock, lambda _owner: is_alive)
        return study_resume(study.pk, by, workers=workers)

    return resumed


def owned(study: Study, owner: str, **changes: Any) -> dict[str, Any]:
    """Give the study to an owner and return its row."""
    lived = changes.get("heartbeat_at", study.heartbeat_at)
    held = {"owner": owner, "token": 1, "expires_at": lived + LEASE_TTL}
    values = {"status": Study.Status.RUNNING, **held, **changes}
    Study.objects.filter(pk=study.pk).update(**values)
    return row(study)


def row(study: Study) -> dict[str, Any]:
    return dict(Study.objects.filter(pk=study.pk).values().get())


@pytest.mark.parametrize("owner", DEAD)
def test_an_owner_silent_for_long_loses_the_study_to_who_resumes_it(
    bench: Bench, study: Study, owner: str
) -> None:
    owned(study, owner, heartbeat_at=study.created_at - timedelta(days=3))
    assert bench.run(study, resume={}).end is RunEnd.FINISHED
    assert row(study)["n_done"] == 160


@pytest.mark.parametrize("owner", DEAD)
def test_the_page_takes_a_study_from_a_silent_owner_for_the_next_worker(
    bench: Bench, study: Study, owner: str
) -> None:
    owned(study, owner, heartbeat_at=study.created_at - timedelta(days=3), is_cancel_wanted=True)
    bootstrap.study_resume_ready(study.pk)
    found = row(study)
    assert (found["status"], found["owner"], found["is_cancel_wanted"]) == ("running", "", False)
    assert bench.run(study).end is RunEnd.FINISHED


def test_tries_do_not_make_a_silent_owner_look_alive(
    study: Study, clock: FakeClock, resume: Resume
) -> None:
    owned(study, DEAD[0], heartbeat_at=clock.now())
    for _ in range(3):
        clock.advance(LEASE_TTL.total_seconds() / 3 - 0.1)
        with pytest.raises(StudyRefusedError, match="is run by otherhost"):
            resume("me")
    clock.advance(1)
    assert resume("me").owner == "me"


def test_an_owner_known_to_be_dead_loses_it_at_once(
    study: Study, clock: FakeClock, resume: Resume
) -> None:
    owned(study, DEAD[0], heartbeat_at=clock.now())
    assert resume("me", is_alive=False).owner == "me"


@pytest.mark.parametrize("owner", ["me", ""])
def test_a_refused_resume_changes_nothing_of_a_living_study(
    study: Study, clock: FakeClock, resume: Resume, owner: str
) -> None:
    before = owned(
        study, DEAD[0], heartbeat_at=clock.now(), is_cancel_wanted=True, status_reason="stops"
    )
    clock.advance(LEASE_TTL.total_seconds() - 1)
    with pytest.raises(StudyRefusedError, match="last sign of life 29 s ago"):
        resume(owner, max_workers=3)
    assert row(study) == before


def test_a_sign_of_life_at_the_last_moment_keeps_the_study(study: Study, clock: FakeClock) -> None:
    before = owned(study, DEAD[0], heartbeat_at=clock.now())

    def comes_back(_owner: str) -> bool:
        """Give the sign after the owner was found dead and before that is written."""
        if row(study) != before:
            return True
        Study.objects.filter(pk=study.pk).update(expires_at=clock.now() + timedelta(minutes=1))
        return False

    with pytest.raises(StudyRefusedError, match="is run by otherhost"):
        study_resume(study.pk, Claimant("me", VERSION, clock, comes_back), workers={})
    assert row(study)["owner"] == DEAD[0]


def test_of_two_who_resume_a_study_one_has_it(study: Study, resume: Resume) -> None:
    owned(study, DEAD[0])
    assert resume("first", is_alive=False).owner == "first"
    with pytest.raises(StudyRefusedError, match="is run by first"):
        resume("second")


def test_a_finished_study_is_not_resumed(bench: Bench, study: Study, resume: Resume) -> None:
    bench.run(study)
    before = row(study)
    with pytest.raises(StudyRefusedError, match="is finished: all 160 trials are stored"):
        resume("me", max_workers=3)
    assert row(study) == before
    with pytest.raises(StudyRefusedError, match="there is nothing to run"):
        bench.run(study)


def test_resuming_may_change_the_workers_and_nothing_else(
    study: Study, clock: FakeClock, resume: Resume
) -> None:
    study_stop(study.pk, reason="by hand", clock=clock)
    before = row(study)
    assert (before["status"], before["status_reason"]) == ("cancelled", "by hand")
    with pytest.raises(BadInputError, match="max workers was 0"):
        resume(max_workers=0)
    assert row(study) == before
    ready = resume(max_workers=3)
    assert ready.settings == before["settings"] | {"max_workers": 3}
    assert (ready.status, ready.finished_at, ready.owner) == ("running", None, "")


def test_trials_of_two_versions_are_never_mixed(
    bench: Bench, study: Study, clock: FakeClock, resume: Resume
) -> None:
    stops = iter([False] * 14)
    assert bench.run(study, should_stop=lambda: next(stops, True)).end is RunEnd.STOPPED
    study_stop(study.pk, reason="by hand", clock=clock)
    before = row(study)
    assert before["n_done"] > 0
    with pytest.raises(VersionChangedError) as refused:
        resume("me", max_workers=3)
    assert VERSION in str(refused.value)
    assert bootstrap.evaluation_version() in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert row(study) == before
    assert bench.run(study, resume={}).end is RunEnd.FINISHED


def test_a_worker_of_another_version_ends_the_study_with_that_reason(
    bench: Bench, study: Study, clock: FakeClock
) -> None:
    stops = iter([False] * 14)
    bench.run(study, should_stop=lambda: next(stops, True))
    bench.changes = {"claimant": Claimant("other", VERSION, clock, lambda _owner: True)}
    with pytest.raises(VersionChangedError, match="evaluated by version"):
        bench.run(study)
    found = row(study)
    assert (found["status"], found["owner"]) == ("failed", "")
    assert VERSION in found["status_reason"]
    assert found["evaluation_version"] == bootstrap.evaluation_version()


def test_a_study_without_trials_takes_the_version_of_who_begins_it(
    study: Study, clock: FakeClock
) -> None:
    for version in ("1", "2"):
        by = Claimant("me", version, clock, lambda _owner: True)
        assert study_claim(study.pk, by).evaluation_version == version


def test_a_snapshot_of_another_version_is_as_good_as_none(bench: Bench, study: Study) -> None:
    stops = iter([False] * 14)
    bench.run(study, should_stop=lambda: next(stops, True))
    snapshot = bench.tools().files.snapshot(study.run_dir)
    state = snapshot.load()
    assert state is not None
    assert state["version"] == bootstrap.evaluation_version()
    snapshot.save(state | {"version": VERSION, "engine": {"absorbed": 0}})  # would not load
    assert bench.run(study).end is RunEnd.FINISHED


def test_every_run_says_which_versions_made_it(bench: Bench, study: Study) -> None:
    stops = iter([False] * 14)
    bench.run(study, should_stop=lambda: next(stops, True))
    bench.run(study)
    runs = row(study)["manifest"]["runs"]
    assert len(runs) == 2
    for run in runs:
        assert run["evaluation_version"] == bootstrap.evaluation_version()
        assert set(run["libraries"]) >= {"numpy", "numba"}
        assert "git_commit" in run
        assert run["began_at"] >= study.created_at.isoformat()


def test_a_connection_lost_at_the_beginning_is_opened_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, real, lost = bench.open(), running.study_claim, [OperationalError("terminated")]

    def claim(*given: Any) -> Study:
        if lost:
            raise lost.pop()
        return real(*given)

    monkeypatch.setattr(running, "study_claim", claim)
    assert bench.run(study).end is RunEnd.FINISHED
    assert not lost
