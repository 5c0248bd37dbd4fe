"""Read which sessions are the desk.

The desk is what an operator asked to run: wanted sessions that are not backtests. When none is
wanted, the newest session is still shown, so that a finished run stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trading.desk.models import DeskSession, Mode

HEARTBEAT_BUDGET_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session as the pages show it; ``lease_age_s`` is None when nobody ever held it."""

    id: int
    mode: str
    feed_id: int
    pairs: tuple[str, ...]
    status: str
    status_reason: str
    is_wanted: bool
    cursor_seq: int
    n_decisions: int
    digest: str
    lease_age_s: float | None
    n_failures: int = 0


def session_list(now: datetime) -> tuple[SessionView, ...]:
    """Return the sessions that are the desk, oldest first."""
    rows = DeskSession.objects.exclude(mode=Mode.BACKTEST).select_related("lease", "feed")
    wanted = list(rows.filter(is_wanted=True).order_by("id"))
    shown = wanted or list(rows.order_by("-id")[:1])
    return tuple(_session_view(row, now) for row in shown)


def _session_view(row: DeskSession, now: datetime) -> SessionView:
    lease = getattr(row, "lease", None)
    beat = lease.heartbeat_at if lease is not None else None
    age = (now - beat).total_seconds() if beat else None
    return SessionView(
        id=row.pk,
        mode=row.mode,
        feed_id=row.feed_id,
        pairs=tuple(row.pairs),
        status=row.status,
        status_reason=row.status_reason,
        is_wanted=row.is_wanted,
        cursor_seq=row.cursor_seq,
        n_decisions=row.n_decisions,
        digest=row.digest,
        lease_age_s=age,
        n_failures=row.n_failures,
    )
