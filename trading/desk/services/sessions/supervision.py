"""Find sessions that should be running and that no worker holds."""

from __future__ import annotations

from datetime import datetime

from trading.base.services.lease import lease_free
from trading.desk.models import DeskSession


def sessions_without_worker(*, now: datetime) -> list[int]:
    """Return the ids of unfinished sessions whose lease is free or has run out.

    Those that waited longest come first.
    """
    ended = (DeskSession.Status.FINISHED, DeskSession.Status.STOPPED, DeskSession.Status.FAILED)
    rows = DeskSession.objects.filter(lease_free(now, "lease__")).exclude(status__in=ended)
    return list(rows.order_by("updated_at", "id").values_list("id", flat=True))
