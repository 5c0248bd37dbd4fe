"""Steer a study from outside its process: who runs it, stop it, let it go on.

A study belongs to the process that claimed its lease. An owner that gives no sign of life for a
while, or that is known to be dead, loses it to whoever claims next; it notices at its next batch,
which it can no longer store. A refused attempt changes nothing, least of all the owner's signs of
life.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from optimizer.models import Study
from optimizer.services.studies.open.request import values_check
from optimizer.services.studies.refusals import StudyRefusedError, VersionChangedError
from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock
from trading.base.services.lease import (
    lease_claim,
    lease_free,
    lease_release,
    lease_renew,
    lease_void,
)

LEASE_TTL: Final = timedelta(seconds=30)
CANCELLED_BY_REQUEST: Final = "cancelled by request"


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who wants a study.

    Attributes:
        owner: names the process; empty on behalf of whichever worker is called next.
        version: of the code that evaluates trials there.
        clock: tells the time.
        is_alive: whether an owner may still live; True where it cannot be known.
    """

    owner: str
    version: str
    clock: Clock
    is_alive: Callable[[str], bool]


def study_named(study_id: int) -> Study:
    """Return a study.

    Raises:
        BadInputError: there is none with this number.
    """
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        raise BadInputError(f"study was {study_id}; there is no such study, see: optimize list")
    return study


def study_claim(study_id: int, by: Claimant) -> Study:
    """Make ``by`` the one process that runs the study, and return its row.

    Args:
        study_id: of a running study.
        by: the process.

    Raises:
        BadInputError: there is no such study.
        StudyRefusedError: it has ended, or a living process runs it.
    """

    def change(study: Study) -> dict[str, Any]:
        if study.status != Study.Status.RUNNING:
            raise StudyRefusedError(f"study {study_id} is {study.status}; there is nothing to run")
        return {}

    return _take(study_id, by, change)


def study_resume(study_id: int, by: Claimant, *, workers: Mapping[str, Any] | None = None) -> Study:
    """Put a study that was cancelled, stopped, failed or left by its owner back to running.

    Args:
        study_id: of the study.
        by: who goes on with it, and has it when this returns.
        workers: settings that say who evaluates, to be changed; they change no result.

    Raises:
        BadInputError: there is no such study, or settings are out of range.
        StudyRefusedError: it is finished, a living process runs it, or its trials were evaluated
            by another version. Nothing was changed.
    """
    wanted = dict(workers or {})
    values_check(wanted)

    def change(study: Study) -> dict[str, Any]:
        if study.status == Study.Status.FINISHED:
            raise StudyRefusedError(
                f"study {study_id} is finished: all {study.n_done} trials are stored"
            )
        version_check(study, by.version)
        return {
            "status": Study.Status.RUNNING,
            "finished_at": None,
            "is_cancel_wanted": False,
            "settings": study.settings | wanted,
        }

    return _take(study_id, by, change)


def version_check(study: Study, version: str) -> None:
    """Refuse to go on with trials that other code has evaluated.

    Raises:
        VersionChangedError: the message names both versions.
    """
    if _version_kept(study, version) != version:
        raise VersionChangedError(
            f"the trials of study {study.pk} were evaluated by version "
            f"{study.evaluation_version}, this is {version}; go on with the release that made "
            "them, or open a new study"
        )


def _version_kept(study: Study, version: str) -> str:
    # Without trials there is nothing to mix; before versions were stored it cannot be known.
    return (study.evaluation_version if study.n_done else "") or version


def _take(study_id: int, by: Claimant, change: Callable[[Study], dict[str, Any]]) -> Study:
    """Write the claim over the very row it was decided on, and decide again if that has changed."""
    while True:
        study, now = study_named(study_id), by.clock.now()
        fields = change(study)
        if study.status == Study.Status.RUNNING:
            _free_check(study, by, now)
        seen = Study.objects.filter(
            pk=study_id,
            status=study.status,
            token=study.token,
            expires_at=study.expires_at,
            is_cancel_wanted=study.is_cancel_wanted,
        )
        fields |= {
            "status_reason": "",
            "evaluation_version": _version_kept(study, by.version),
        }
        if by.owner:
            taken = lease_claim(seen, owner=by.owner, now=now, ttl=LEASE_TTL, **fields)
        else:  # on behalf of whichever worker comes next
            taken = lease_void(seen, heartbeat_at=now, **fields)
        if taken:
            return study_named(study_id)


def _free_check(study: Study, by: Claimant, now: datetime) -> None:
    is_taken = study.owner not in {"", by.owner}
    if is_taken and not _is_silent(study, now) and by.is_alive(study.owner):
        ago = max(0.0, (now - study.heartbeat_at).total_seconds())
        raise StudyRefusedError(
            f"study {study.pk} is run by {study.owner}, last sign of life {ago:.0f} s ago"
        )


def _is_silent(study: Study, now: datetime) -> bool:
    return study.expires_at is None or study.expires_at <= now


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
    lease_void(
        running.filter(lease_free(now)),
        status=Study.Status.CANCELLED,
        status_reason=CANCELLED_BY_REQUEST,
        finished_at=now,
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


def study_end(*, study_id: int, token: int | None, status: str, reason: str, now: datetime) -> bool:
    """Write how a running study ended and give it up; False where another has it, or it ended.

    Args:
        study_id: of the study.
        token: of the lease it is held with; None where no process owns it.
        status: how it ended.
        reason: why, empty where that says itself.
        now: the time.
    """
    mine = {"owner": ""} if token is None else {"token": token}
    running = Study.objects.filter(pk=study_id, status=Study.Status.RUNNING, **mine)
    return lease_void(
        running, status=status, status_reason=reason, finished_at=now, heartbeat_at=now
    )


def study_held(study: Study) -> QuerySet[Study]:
    """Return the row as long as the lease ``study`` was claimed with is the newest."""
    return Study.objects.filter(pk=study.pk, token=study.token)


def study_renew(study: Study, *, now: datetime) -> None:
    """Give a sign of life; of a study that was taken over none is given."""
    lease_renew(study_held(study), token=study.token, now=now, ttl=LEASE_TTL)


def study_release(study: Study, *, now: datetime) -> None:
    """Give a claimed study up so that any process may go on with it at once."""
    lease_release(study_held(study), token=study.token, heartbeat_at=now)
