"""Steer a study from outside its process: who runs it, stop it, let it go on.

A study belongs to the process that claimed it. An owner that gives no sign of life for a while,
or that is known to be dead, loses it to whoever claims next; it notices at its next batch, which it
can no longer store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from optimizer.models import Study
from optimizer.services.studies.request import values_check
from trading.domain.errors import BadInputError, TradingError
from trading.ports.clock import Clock

SILENT_S: Final = 30.0
CANCELLED_BY_REQUEST: Final = "cancelled by request"


class StudyRefusedError(TradingError):
    """The study cannot do what was asked of it; the sentence says why."""

    code = "study_refused"


class DataChangedError(StudyRefusedError):
    """The candles or costs of a study are not what it was opened with."""

    code = "data_changed"


def study_named(study_id: int) -> Study:
    """Return a study.

    Raises:
        BadInputError: there is none with this number.
    """
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        raise BadInputError(f"study was {study_id}; there is no such study, see: optimize list")
    return study


def study_claim(
    *, study_id: int, owner: str, clock: Clock, is_alive: Callable[[str], bool]
) -> Study:
    """Make ``owner`` the one process that runs the study, and return its row.

    Args:
        study_id: of a running study.
        owner: names the process.
        clock: tells the time.
        is_alive: whether an owner may still live; True where it cannot be known.

    Raises:
        BadInputError: there is no such study.
        StudyRefusedError: it has ended, or a living process runs it.
    """
    study, now = study_named(study_id), clock.now()
    if study.status != Study.Status.RUNNING:
        raise StudyRefusedError(f"study {study_id} is {study.status}; there is nothing to run")
    if (
        study.owner
        and study.owner != owner
        and not _is_silent(study, now)
        and is_alive(study.owner)
    ):
        raise StudyRefusedError(_busy(study, now))
    taken = Study.objects.filter(
        pk=study_id, status=Study.Status.RUNNING, owner=study.owner, heartbeat_at=study.heartbeat_at
    ).update(owner=owner, heartbeat_at=now, status_reason="")
    study.refresh_from_db()
    if not taken:
        raise StudyRefusedError(_busy(study, now))
    return study


def _busy(study: Study, now: datetime) -> str:
    ago = max(0.0, (now - study.heartbeat_at).total_seconds())
    return f"study {study.pk} is run by {study.owner}, last sign of life {ago:.0f} s ago"


def _is_silent(study: Study, now: datetime) -> bool:
    return now - study.heartbeat_at > timedelta(seconds=SILENT_S)


def study_cancel(study_id: int, *, clock: Clock) -> Study:
    """Ask the study's process to stop after what it has; end it at once where there is none.

    Raises:
        BadInputError: there is no such study.
        StudyRefusedError: it has ended already.
    """
    study, now = study_named(study_id), clock.now()
    running = Study.objects.filter(pk=study_id, status=Study.Status.RUNNING)
    if not running.update(is_cancel_wanted=True):
        raise StudyRefusedError(f"study {study_id} is {study.status} already")
    nobody = Q(owner="") | Q(heartbeat_at__lt=now - timedelta(seconds=SILENT_S))
    running.filter(nobody).update(
        status=Study.Status.CANCELLED,
        status_reason=CANCELLED_BY_REQUEST,
        finished_at=now,
        owner="",
    )
    study.refresh_from_db()
    return study


def digests_running() -> frozenset[str]:
    """Return the digests of the candles that studies run on, or will as soon as a worker comes."""
    running = Study.objects.filter(status=Study.Status.RUNNING)
    return frozenset(running.values_list("data_digest", flat=True))


def study_stop(study_id: int, *, reason: str, clock: Clock) -> None:
    """End a running study that no process owns, so that nobody goes on with it unasked."""
    now = clock.now()
    Study.objects.filter(pk=study_id, status=Study.Status.RUNNING, owner="").update(
        status=Study.Status.CANCELLED, status_reason=reason, finished_at=now
    )


def study_resume_ready(
    study_id: int, *, clock: Clock, workers: Mapping[str, Any] | None = None
) -> Study:
    """Put a study that was cancelled, stopped or failed back to running, for a process to claim.

    Args:
        study_id: of the study.
        clock: tells the time.
        workers: settings that say who evaluates, to be changed; they change no result.

    Raises:
        BadInputError: there is no such study, or settings are out of range.
        StudyRefusedError: it is finished.
    """
    study = study_named(study_id)
    if study.status == Study.Status.FINISHED:
        raise StudyRefusedError(
            f"study {study_id} is finished: all {study.n_done} trials are stored"
        )
    values_check(workers or {})
    Study.objects.filter(pk=study_id).exclude(status=Study.Status.FINISHED).update(
        status=Study.Status.RUNNING,
        status_reason="",
        finished_at=None,
        is_cancel_wanted=False,
        heartbeat_at=clock.now(),
        settings=study.settings | dict(workers or {}),
    )
    study.refresh_from_db()
    return study


def study_end(*, study_id: int, owner: str, status: str, reason: str, now: datetime) -> bool:
    """Write how a study ended and give it up; False where another process has it."""
    ended = Study.objects.filter(pk=study_id, owner=owner).update(
        status=status, status_reason=reason, finished_at=now, heartbeat_at=now, owner=""
    )
    return bool(ended)


def study_release(*, study_id: int, owner: str, now: datetime) -> None:
    """Give the study up so that any process may go on with it at once."""
    Study.objects.filter(pk=study_id, owner=owner).update(owner="", heartbeat_at=now)
