"""One lease, one fence: who may write a session, a study, or whatever else has one writer.

``rows`` is always the one row meant, narrowed as its owner likes. Claiming is one conditional
UPDATE, so of any number of processes exactly one wins. Every holder gets a larger token and writes
only where that token still stands; an UPDATE that finds no row means that somebody else took over,
and nothing of that transaction is kept. ``also`` are columns written by the same UPDATE.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet


def lease_free(now: datetime, of: str = "") -> Q:
    """Return the condition that nobody holds the lease; ``of`` leads to it, such as ``lease__``."""
    return Q(**{f"{of}expires_at__isnull": True}) | Q(**{f"{of}expires_at__lte": now})


def lease_claim(
    rows: QuerySet[Any], *, owner: str, now: datetime, ttl: timedelta, **also: Any
) -> bool:
    """Take the lease where ``rows`` finds it; the row's token is the holder's from now on."""
    held = {"owner": owner, "expires_at": now + ttl, "heartbeat_at": now, **also}
    return rows.update(token=F("token") + 1, **held) == 1


def lease_renew(
    rows: QuerySet[Any], *, token: int, now: datetime, ttl: timedelta, **also: Any
) -> bool:
    """Extend the lease; False where another holds it."""
    held = {"expires_at": now + ttl, "heartbeat_at": now, **also}
    return rows.filter(token=token).update(**held) == 1


def lease_release(
    rows: QuerySet[Any], *, token: int, until: datetime | None = None, **also: Any
) -> bool:
    """Give the lease back, to be taken at once or from ``until`` on; a lost one is left alone."""
    return rows.filter(token=token).update(owner="", expires_at=until, **also) == 1


def lease_void(rows: QuerySet[Any], **also: Any) -> bool:
    """Take the lease away from whoever holds it, for nobody; what that one writes is fenced out."""
    return rows.update(owner="", token=F("token") + 1, expires_at=None, **also) == 1
