"""Who is locked out of logging in now, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum


@dataclass(frozen=True, slots=True)
class LoginLock:
    """One lock.

    Attributes:
        username: as it was typed; empty when the address is locked for every name.
        address: of whoever typed wrong passwords.
        failures: how many there were.
        until: when it ends by itself.
    """

    username: str
    address: str
    failures: int
    until: datetime


def login_failures(now: datetime) -> int:
    """Return how many wrong passwords count now."""
    return int(_counting(now).aggregate(n=Sum("failures_since_start"))["n"] or 0)


def login_locks(now: datetime) -> Sequence[LoginLock]:
    """Return every lock, the one that lasts longest first."""
    rows = _counting(now)
    names = _locks(rows, ("username", "ip_address"), settings.LOGIN_TRIES)
    addresses = _locks(rows, ("ip_address",), settings.LOGIN_TRIES_OF_ADDRESS)
    return sorted((*names, *addresses), key=lambda lock: lock.until, reverse=True)


def _counting(now: datetime) -> QuerySet[AccessAttempt]:
    since = now - settings.LOGIN_LOCKED_FOR
    rows: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(attempt_time__gte=since)
    return rows


def _locks(rows: QuerySet[AccessAttempt], by: tuple[str, ...], tries: int) -> Sequence[LoginLock]:
    groups = (
        rows.order_by().values(*by).annotate(n=Sum("failures_since_start"), at=Max("attempt_time"))
    )
    return [
        LoginLock(
            username=group.get("username") or "",
            address=group["ip_address"] or "",
            failures=group["n"],
            until=group["at"] + settings.LOGIN_LOCKED_FOR,
        )
        for group in groups.filter(n__gte=tries)
    ]
