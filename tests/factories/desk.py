"""People, feeds, sessions and bots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.contrib.auth.models import Permission, User

from trading.base.domain.reasons import TradingState
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import (
    Bot,
    DeskSession,
    EquityPoint,
    SessionFact,
    SessionLease,
    TradingControl,
)
from trading.market.domain.timeframes import timeframe_ms
from trading.market.models import Feed, StreamBar

NOW: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
START_MS: Final = 1_772_000_100_000 // 300_000 * 300_000
PASSWORD: Final = "correct horse battery"


def operator(username: str = "olga", *, can_operate: bool = True, **values: Any) -> User:
    """Return a person who may log in and, unless told otherwise, pause and kill."""
    user: User = User.objects.create_user(username, password=PASSWORD, **values)
    if can_operate:
        user.user_permissions.add(Permission.objects.get(codename="operate_desk"))
    return user


def feed(**values: Any) -> Feed:
    """Return a running simulated feed of two pairs."""
    now = values.pop("now", NOW)
    defaults: dict[str, Any] = {
        "name": "simulated",
        "kind": "simulated",
        "venue": "simulated",
        "timeframe": "5m",
        "pairs": ["BTC/USDT", "ETH/USDT"],
        "params": {"seed": 7, "bar_seconds": 1.0},
        "is_simulated": True,
        "last_bar_at": now,
        "heartbeat_at": now,
        "created_at": now,
    }
    return Feed.objects.create(**{**defaults, **values})


def bars(to: Feed, pair: str, closes: Sequence[float], *, first_ms: int = START_MS) -> None:
    """Append one closed bar per close to the feed's log, without holes."""
    step = timeframe_ms(to.timeframe)
    before = StreamBar.objects.filter(feed=to, pair=pair).count()
    rows = []
    for i, close in enumerate(closes):
        open_ = closes[i - 1] if i else close
        to.last_seq += 1
        rows.append(
            StreamBar(
                feed=to,
                seq=to.last_seq,
                pair=pair,
                n=before + i + 1,
                open_time=first_ms + (before + i) * step,
                open=open_,
                high=max(open_, close) * 1.001,
                low=min(open_, close) * 0.999,
                close=close,
                volume=10.0 + i % 7,
            )
        )
    StreamBar.objects.bulk_create(rows, batch_size=500)
    to.save(update_fields=["last_seq"])


def session(of: Feed, **values: Any) -> DeskSession:
    """Return a running ghost session on the feed with a lease held a second ago."""
    now = values.pop("now", NOW)
    defaults: dict[str, Any] = {
        "mode": "ghost",
        "feed": of,
        "pairs": of.pairs,
        "status": "running",
        "digest": "00" * 16,
        "code_version": "test",
        "created_at": now,
        "updated_at": now,
    }
    row = DeskSession.objects.create(**{**defaults, **values})
    SessionLease.objects.create(
        session=row, owner="worker", token=1, heartbeat_at=now - timedelta(seconds=1)
    )
    return row


def savings_input(of: DeskSession, **savings: Any) -> SessionFact:
    """Record the policy the session started with, as sessions do."""
    stated = {
        "ratio": "0.15",
        "fee_guard": "1.89",
        "fee_policy": "plan_notional_guess",
        "plan_fee_ratio": "0.0065",
        "token": "USDC",
    }
    return SessionFact.objects.create(
        session=of,
        after_seq=0,
        n=of.facts.count() + 1,
        kind=FactKind.START,
        payload={"policy": {"savings": stated | savings}},
        created_at=NOW,
    )


def bot(of: DeskSession, pair: str = "BTC/USDT", strategy: str = "breakout", **values: Any) -> Bot:
    """Return a bot with 1,000 of the quote currency."""
    defaults: dict[str, Any] = {
        "session": of,
        "index": of.bots.count(),
        "pair": pair,
        "strategy": strategy,
        "quote": pair.partition("/")[2],
        "bankroll": Decimal(1000),
        "cash": Decimal(1000),
        "equity": Decimal(1000),
    }
    return Bot.objects.create(**{**defaults, **values})


def equity(of: DeskSession, *points: tuple[int, float, float], quote: str = "USDT") -> None:
    """Append points of (close time in ms, equity, reserved)."""
    EquityPoint.objects.bulk_create(
        EquityPoint(session=of, quote=quote, bar_time=t, equity=e, reserved=r) for t, e, r in points
    )


def control(state: TradingState, **values: Any) -> TradingControl:
    """Order a trading state for the desk."""
    defaults: dict[str, Any] = {
        "scope": "desk",
        "name": "",
        "state": int(state),
        "reason": "news at noon",
        "actor": "olga",
        "created_at": NOW,
    }
    return TradingControl.objects.create(**{**defaults, **values})
