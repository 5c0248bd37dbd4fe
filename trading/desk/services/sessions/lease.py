"""Who may write a session; each of its transactions renews the lease first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from trading.base.domain.errors import LeaseLostError
from trading.base.services import lease
from trading.desk.models import SessionLease

LEASE_TTL: Final = timedelta(seconds=15)


def lease_claim(*, session_id: int, owner: str, now: datetime) -> int | None:
    """Return the new fencing token, or None when somebody else holds the lease."""
    row = _row(session_id)
    free = row.filter(lease.lease_free(now))
    if not lease.lease_claim(free, owner=owner, now=now, ttl=LEASE_TTL):
        return None
    return row.values_list("token", flat=True).get()


def lease_renew(*, session_id: int, token: int, now: datetime) -> None:
    """Extend the lease; call it first in every transaction of the session.

    Raises:
        LeaseLostError: another worker holds it now.
    """
    if not lease.lease_renew(_row(session_id), token=token, now=now, ttl=LEASE_TTL):
        raise LeaseLostError(f"session {session_id}: token {token} was superseded")


def lease_release(*, session_id: int, token: int, until: datetime | None = None) -> None:
    """Give the lease back, to be taken at once or from ``until`` on; a lost one is left alone."""
    lease.lease_release(_row(session_id), token=token, until=until)


def _row(session_id: int) -> QuerySet[SessionLease]:
    return SessionLease.objects.filter(session_id=session_id)
