"""Can the desk work: does the database answer, does Redis?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, connection


@dataclass(frozen=True, slots=True)
class Health:
    """Each field is ``ok``, ``failed`` or, for an absent Redis, ``none``."""

    db: str
    redis: str

    @property
    def status(self) -> str:
        """``ok``, ``degraded`` when only news are missing, ``failed`` without a database."""
        if self.db != "ok":
            return "failed"
        return "ok" if self.redis == "ok" else "degraded"


def health_get(*, redis_ping: Callable[[], bool] | None) -> Health:
    """Ask both now; ``redis_ping`` is None when no Redis is configured."""
    redis = "none" if redis_ping is None else ("ok" if redis_ping() else "failed")
    return Health(db="ok" if _database_answers() else "failed", redis=redis)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        return False
