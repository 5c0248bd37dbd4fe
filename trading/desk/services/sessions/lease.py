"""Who may write a session: a database lease with a fencing token.

Claiming is one conditional UPDATE, so of any number of workers exactly one wins. Every holder gets
a larger token, and each transaction of a session renews the lease by its token; an UPDATE that
finds no row means another worker took over, and nothing of that transaction is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q

from trading.base.domain.errors import LeaseLostError
from trading.desk.models import SessionLease

LEASE_TTL: Final = timedelta(seconds=15)


def lease_claim(*, session_id: int, owner: str, now: datetime) -> int | None:
    """Return the new fencing token, or None when somebody else holds the lease."""
    free = Q(expires_at__isnull=True) | Q(expires_at__lte=now)
    changed = SessionLease.objects.filter(free, session_id=session_id).update(
        owner=owner, token=F("token") + 1, expires_at=now + LEASE_TTL, heartbeat_at=now
    )
    if changed != 1:
        return None
    return SessionLease.objects.values_list("token", flat=True).get(session_id=session_id)


def lease_renew(*, session_id: int, token: int, now: datetime) -> None:
    """Extend the lease; call it first in every transaction of the session.

    Raises:
        LeaseLostError: another worker holds it now.
    """
    changed = SessionLease.objects.filter(session_id=session_id, token=token).update(
        expires_at=now + LEASE_TTL, heartbeat_at=now
    )
    if changed != 1:
        raise LeaseLostError(f"session {session_id}: token {token} was superseded")


def lease_release(*, session_id: int, token: int, until: datetime | None = None) -> None:
    """Give the lease back, to be taken at once or from ``until`` on; a lost one is left alone."""
    SessionLease.objects.filter(session_id=session_id, token=token).update(
        owner="", expires_at=until
    )
