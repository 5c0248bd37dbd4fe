"""One look at the whole desk: sessions, bots, feeds, savings, what it may do and how well it is.

Rooms that do not exist yet are empty lists, never invented figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from guardian.domain.advisories import degradation_level
from guardian.selectors.advisories import advisory_list
from guardian.selectors.health import Health
from guardian.selectors.logins import login_failures, login_locks
from trading.base.domain.reasons import TradingState
from trading.desk.models import SavingsCheckpoint
from trading.desk.selectors.bots import bot_list, money_summaries
from trading.desk.selectors.feeds import FeedView, feed_list
from trading.desk.selectors.health import SessionView, session_list
from trading.desk.selectors.overview import desk_control
from trading.learning.domain.forecasting.drift import NAME as BASELINE


def desk_status(
    *, now: datetime, health: Health, queues: dict[str, int | None], processes: Sequence[Any]
) -> dict[str, Any]:
    """Return the state of the desk, ready for JSON."""
    sessions = session_list(now)
    feeds = feed_list(now, sessions)
    control = desk_control()
    locks = login_locks(now)
    advisories = advisory_list(health, sessions, feeds, locks)
    return {
        "trading_state": (control.state if control else TradingState.ACTIVE).name.lower(),
        "degradation_level": degradation_level(advisories),
        "sessions": [_session(row) for row in sessions],
        "bots": _bots([row.id for row in sessions]),
        "feeds": [_feed(row) for row in feeds],
        "savings": _savings([row.id for row in sessions]),
        "model": {"forecaster": BASELINE, "is_trained": False},
        "horizons": [],
        "gas": [],
        "advisories": [asdict(advisory) for advisory in advisories],
        "logins": {
            "failures": login_failures(now),
            "locked": [asdict(lock) for lock in locks],
        },
        "queues": queues,
        "processes": [
            {"name": row.name, "state": row.state.lower(), "pid": row.pid} for row in processes
        ],
        "database": health.db,
        "redis": health.redis,
    }


def _session(row: SessionView) -> dict[str, Any]:
    return {
        "id": row.id,
        "mode": row.mode,
        "status": row.status,
        "status_reason": row.status_reason,
        "pairs": list(row.pairs),
        "cursor_seq": row.cursor_seq,
        "decisions": row.n_decisions,
        "digest": row.digest,
        "heartbeat_age_s": row.lease_age_s,
    }


def _feed(row: FeedView) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "is_simulated": row.is_simulated,
        "status": row.status,
        "status_reason": row.status_reason,
        "age_s": row.age_s,
        "budget_s": row.budget_s,
        "last_seq": row.last_seq,
        "venue": None if row.venue_view is None else asdict(row.venue_view),
        "pairs": [asdict(pair) for pair in row.pair_views],
    }


def _bots(session_ids: Sequence[int]) -> dict[str, Any]:
    bots = bot_list(session_ids)
    return {
        "count": len(bots),
        "in_position": sum(bot.is_in_position for bot in bots),
        "money": [
            {
                "quote": money.quote,
                "bankroll": money.bankroll,
                "equity": money.equity,
                "realised_pnl": money.realised_pnl,
                "reserved": money.reserved,
                "round_trips": money.n_round_trips,
            }
            for money in money_summaries(bots)
        ],
    }


def _savings(session_ids: Sequence[int]) -> dict[str, Any]:
    skipped: dict[str, int] = {}
    reserved: dict[str, Decimal] = {}
    accepted = 0
    rows = SavingsCheckpoint.objects.filter(session_id__in=session_ids).values_list(
        "is_accepted", "skip_reason", "reserved", "quote"
    )
    for is_accepted, reason, amount, quote in rows.iterator():
        if is_accepted:
            accepted += 1
            reserved[quote] = reserved.get(quote, Decimal(0)) + amount
        else:
            skipped[reason] = skipped.get(reason, 0) + 1
    return {"accepted": accepted, "skipped": skipped, "reserved": reserved}
