"""Find sessions that should be running and that no worker holds."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from trading.desk.models import DeskSession


def sessions_without_worker(*, now: datetime) -> list[int]:
    """Return the ids of unfinished sessions whose lease is free or has run out.

    Those that waited longest come first.
    """
    ended = (DeskSession.Status.FINISHED, DeskSession.Status.STOPPED, DeskSession.Status.FAILED)
    free = Q(lease__expires_at__isnull=True) | Q(lease__expires_at__lte=now)
    rows = DeskSession.objects.filter(free).exclude(status__in=ended)
    return list(rows.order_by("updated_at", "id").values_list("id", flat=True))
