"""Read and write the few facts about feeds that the stream process steers by."""

from __future__ import annotations

from trading.base.ports.clock import Clock
from trading.market.models import Feed
from trading.market.services.stream.readers import FeedReaders


def feeds_running(readers: FeedReaders) -> list[Feed]:
    """Return the feeds to follow, after stopping those that nobody reads any more.

    A feed that never had a reader keeps running: somebody may be looking at its chart.
    """
    running = Feed.objects.filter(status=Feed.Status.RUNNING)
    readers.left_alone(running).update(
        status=Feed.Status.STOPPED, status_reason="no session wants it any more"
    )
    return list(running.order_by("pk"))


def feed_heartbeat(*, feed_id: int, reason: str | None, clock: Clock) -> None:
    """Note that the feed is being followed; ``reason`` says what it waits for, None keeps it."""
    changes = {"heartbeat_at": clock.now()} | ({} if reason is None else {"status_reason": reason})
    Feed.objects.filter(pk=feed_id, status=Feed.Status.RUNNING).update(**changes)


def feed_fail(*, feed_id: int, reason: str, clock: Clock) -> None:
    """Give the feed up: a person must mend what ``reason`` names."""
    Feed.objects.filter(pk=feed_id, status=Feed.Status.RUNNING).update(
        status=Feed.Status.FAILED, status_reason=reason, heartbeat_at=clock.now()
    )
