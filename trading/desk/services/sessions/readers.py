"""Sessions as the readers of feeds; fulfils ``trading.market.services.stream.readers``."""

from __future__ import annotations

from django.db.models import Exists, Min, OuterRef, QuerySet

from trading.desk.models import DeskSession
from trading.market.models import Feed

_ENDED = (DeskSession.Status.FINISHED, DeskSession.Status.STOPPED, DeskSession.Status.FAILED)


class SessionReaders:
    """What the stream process asks of the sessions."""

    def left_alone(self, feeds: QuerySet[Feed]) -> QuerySet[Feed]:
        """Return those of ``feeds`` whose sessions have all ended."""
        sessions = DeskSession.objects.filter(feed=OuterRef("pk"))
        return feeds.filter(Exists(sessions), ~Exists(_active(sessions)))

    def slowest_cursor(self, feed_id: int) -> int | None:
        """Return the last bar applied by the slowest wanted session; None when none is wanted."""
        sessions = _active(DeskSession.objects.filter(feed_id=feed_id))
        slowest: int | None = sessions.aggregate(slowest=Min("cursor_seq"))["slowest"]
        return slowest


def _active(sessions: QuerySet[DeskSession]) -> QuerySet[DeskSession]:
    return sessions.filter(is_wanted=True).exclude(status__in=_ENDED)
