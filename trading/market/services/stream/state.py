"""Read and write the few facts about feeds that the stream process steers by."""

from __future__ import annotations

from django.db.models import Exists, Min, OuterRef, QuerySet

from trading.base.ports.clock import Clock
from trading.desk.models import DeskSession
from trading.market.models import Feed

_ENDED = (DeskSession.Status.FINISHED, DeskSession.Status.STOPPED, DeskSession.Status.FAILED)


def feeds_running() -> list[Feed]:
    """Return the feeds to follow, after stopping those whose sessions have all ended.

    A feed without any session keeps running: somebody may be looking at its chart.
    """
    sessions = DeskSession.objects.filter(feed=OuterRef("pk"))
    Feed.objects.filter(
        Exists(sessions), ~Exists(_active(sessions)), status=Feed.Status.RUNNING
    ).update(status=Feed.Status.STOPPED, status_reason="no session wants it any more")
    return list(Feed.objects.filter(status=Feed.Status.RUNNING).order_by("pk"))


def feed_slowest_cursor(*, feed_id: int) -> int | None:
    """Return the last bar applied by the slowest wanted session; None when none is wanted."""
    sessions = _active(DeskSession.objects.filter(feed_id=feed_id))
    slowest: int | None = sessions.aggregate(slowest=Min("cursor_seq"))["slowest"]
    return slowest


def feed_heartbeat(*, feed_id: int, reason: str | None, clock: Clock) -> None:
    """Note that the feed is being followed; ``reason`` says what it waits for, None keeps it."""
    changes = {"heartbeat_at": clock.now()} | ({} if reason is None else {"status_reason": reason})
    Feed.objects.filter(pk=feed_id, status=Feed.Status.RUNNING).update(**changes)


def feed_fail(*, feed_id: int, reason: str, clock: Clock) -> None:
    """Give the feed up: a person must mend what ``reason`` names."""
    Feed.objects.filter(pk=feed_id, status=Feed.Status.RUNNING).update(
        status=Feed.Status.FAILED, status_reason=reason, heartbeat_at=clock.now()
    )


def _active(sessions: QuerySet[DeskSession]) -> QuerySet[DeskSession]:
    return sessions.filter(is_wanted=True).exclude(status__in=_ENDED)
