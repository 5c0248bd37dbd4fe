"""Put the default schedules into the database without touching what an operator edited."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from guardian.domain.schedules import ScheduleEntry


@transaction.atomic
def setup_schedules(*, entries: Iterable[ScheduleEntry]) -> list[str]:
    """Create the entries that are missing; return their names.

    An entry that exists by name stays as it is, enabled or not.
    """
    added = []
    for entry in entries:
        if PeriodicTask.objects.filter(name=entry.name).exists():
            continue
        interval, _ = IntervalSchedule.objects.get_or_create(
            every=entry.every_s, period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.create(
            name=entry.name,
            task=entry.task,
            interval=interval,
            queue=entry.queue,
            description=entry.description,
            expire_seconds=entry.expires_s,
        )
        added.append(entry.name)
    return added
