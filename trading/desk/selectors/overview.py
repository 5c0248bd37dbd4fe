"""Answer the operator's first questions: which mode, is it healthy, can it trade, what stops it.

The checklist reads facts that are already rows: feeds, sessions with their leases, the trading
state in force, and what the gates said to every bot's last bar. Each line is ok, a warning or
blocked, and says why with figures (design/ui.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trading.base.domain.reasons import OUTCOME_TEXT, Outcome, TradingState
from trading.base.selectors.figures import count_text, duration_text
from trading.desk.models import Mode, Order, TradingControl
from trading.desk.selectors.bots import BotView
from trading.desk.selectors.controls import rows_in_force
from trading.desk.selectors.drawdowns import drawdown_stops
from trading.desk.selectors.feeds import FeedView
from trading.desk.selectors.health import HEARTBEAT_BUDGET_S, SessionView
from trading.desk.selectors.sentences import skew_sentence, stale_sentence

OK: Final = "ok"
WARNING: Final = "warning"
BLOCKED: Final = "blocked"


@dataclass(frozen=True, slots=True)
class ModeBadge:
    """The mode as a word, a style name and what it means for the operator's money."""

    code: str
    word: str
    note: str


@dataclass(frozen=True, slots=True)
class ControlView:
    """One order of an operator that is in force."""

    scope: str
    name: str
    state: TradingState
    flatten: bool
    reason: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of the checklist."""

    key: str
    title: str
    status: str
    sentence: str


def mode_badge(sessions: Sequence[SessionView], feeds: Sequence[FeedView]) -> ModeBadge:
    """Return whose money and which market this is; live outranks everything else."""
    if any(s.mode == Mode.LIVE for s in sessions):
        return ModeBadge("live", "LIVE", "Real orders with real money.")
    if any(f.is_simulated for f in feeds):
        speeds = [f.speed for f in feeds if f.is_simulated and f.speed]
        pace = f" Its clock runs {count_text(round(max(speeds)))} × as fast." if speeds else ""
        return ModeBadge("simulated", "SIMULATED", f"Invented prices, paper money.{pace}")
    if any(f.kind == "replay" for f in feeds):
        return ModeBadge("ghost", "GHOST", "Stored candles replayed, paper money.")
    if sessions:
        return ModeBadge("ghost", "GHOST", "Real prices, paper money.")
    return ModeBadge("idle", "IDLE", "No session is wanted; nothing trades.")


def controls_in_force() -> tuple[ControlView, ...]:
    """Return the newest order of every scope and name that is not ACTIVE, desk scope first."""
    rows = [row for row in rows_in_force() if row.state != TradingState.ACTIVE]
    rows.sort(key=lambda row: (row.scope != TradingControl.Scope.DESK, row.scope, row.name))
    return tuple(_control(row) for row in rows)


def bot_order_in_force(bot: BotView, orders: Sequence[ControlView]) -> ControlView | None:
    """Return the strictest of the ``orders`` that name this very bot, None without one."""
    own = [o for o in orders if o.scope == "bot" and o.name in bot.control_names]
    return max(own, key=lambda order: order.state, default=None)


def desk_control() -> ControlView | None:
    """Return the newest order for the whole desk, ACTIVE included; None before the first."""
    row = TradingControl.objects.filter(scope=TradingControl.Scope.DESK).order_by("-id").first()
    return None if row is None else _control(row)


def _control(row: TradingControl) -> ControlView:
    return ControlView(
        scope=row.scope,
        name=row.name,
        state=TradingState(row.state),
        flatten=row.flatten,
        reason=row.reason,
        actor=row.actor,
        created_at=row.created_at,
    )


def checklist(
    sessions: Sequence[SessionView], feeds: Sequence[FeedView], bots: Sequence[BotView]
) -> tuple[CheckLine, ...]:
    """Return everything that must be right before an entry can happen, worst reasons included."""
    return (
        _market_line(feeds),
        _session_line(sessions),
        _state_line(),
        _warm_line(bots),
        _group_line("risk", "Risk limits", bots, _RISK, "No limit stopped a bot on its last bar."),
        *_drawdown_lines(bots),
        _group_line("funds", "Funds", bots, _FUNDS, "No bot lacked cash or gas on its last bar."),
        _order_line([s.id for s in sessions]),
    )


_RISK: Final = (
    Outcome.MAX_POSITIONS,
    Outcome.EXPOSURE_LIMIT,
    Outcome.DAILY_LOSS_LIMIT,
    Outcome.DRAWDOWN_LIMIT,
    Outcome.LOSS_STREAK_COOLDOWN,
)
_FUNDS: Final = (Outcome.INSUFFICIENT_CASH, Outcome.BELOW_MIN_NOTIONAL, Outcome.GAS_TOO_LOW)


def _market_line(feeds: Sequence[FeedView]) -> CheckLine:
    title = "Market data"
    if not feeds:
        return CheckLine("market", title, BLOCKED, "No feed is running: no bar can arrive.")
    for feed in feeds:
        if feed.status == "finished":
            return CheckLine("market", title, BLOCKED, f"{feed.name} has reached its last candle.")
        if feed.status != "running":
            why = feed.status_reason or "no reason was recorded"
            return CheckLine("market", title, BLOCKED, f"{feed.name} is {feed.status}: {why}.")
        if feed.is_stale:
            return CheckLine("market", title, BLOCKED, f"{stale_sentence(feed)}.")
        if feed.venue_view is not None and feed.venue_view.is_skewed:
            return CheckLine("market", title, BLOCKED, f"{skew_sentence(feed)}.")
    oldest = max(feed.age_s or 0.0 for feed in feeds)
    names = ", ".join(feed.name for feed in feeds)
    return CheckLine("market", title, OK, f"{names}: last bar {duration_text(oldest)} ago.")


def _session_line(sessions: Sequence[SessionView]) -> CheckLine:
    title = "Sessions"
    if not any(s.is_wanted for s in sessions):
        return CheckLine("sessions", title, BLOCKED, "No session is wanted: start one to decide.")
    for session in sessions:
        if session.status in ("failed", "stopped", "finished"):
            why = f": {session.status_reason}" if session.status_reason else ""
            return CheckLine(
                "sessions", title, BLOCKED, f"Session {session.id} is {session.status}{why}."
            )
    for session in sessions:
        silent = session.lease_age_s
        if silent is None:
            return CheckLine(
                "sessions", title, BLOCKED, f"Session {session.id} waits for a worker."
            )
        if silent > HEARTBEAT_BUDGET_S:
            return CheckLine(
                "sessions",
                title,
                BLOCKED,
                f"Session {session.id}: its worker was last heard {duration_text(silent)} ago.",
            )
    decided = sum(s.n_decisions for s in sessions)
    word = "session" if len(sessions) == 1 else "sessions"
    return CheckLine(
        "sessions", title, OK, f"{len(sessions)} {word} at work, {count_text(decided)} decisions."
    )


def _state_line() -> CheckLine:
    title = "Trading state"
    controls = controls_in_force()
    if not controls:
        return CheckLine("state", title, OK, "Active: entries and exits are allowed.")
    worst = max(controls, key=lambda c: (c.scope == "desk", c.state))
    what = {
        TradingState.PAUSED: "paused, exits only",
        TradingState.REDUCING: "reducing, exits only",
        TradingState.HALTED: "halted, only cancels",
    }[worst.state]
    where = "The desk" if worst.scope == "desk" else f"{worst.scope.capitalize()} {worst.name}"
    status = BLOCKED if worst.scope == "desk" else WARNING
    more = f" {len(controls) - 1} more in force." if len(controls) > 1 else ""
    return CheckLine(
        "state", title, status, f"{where} is {what}: “{worst.reason}” ({worst.actor}).{more}"
    )


def _warm_line(bots: Sequence[BotView]) -> CheckLine:
    title = "Bots warm"
    if not bots:
        return CheckLine("warm", title, BLOCKED, "The desk has no bots.")
    cold = sum(b.outcome is None or b.outcome == Outcome.WARMING_UP for b in bots)
    if cold == len(bots):
        return CheckLine("warm", title, BLOCKED, f"All {len(bots)} bots still gather history.")
    if cold:
        return CheckLine("warm", title, WARNING, f"{cold} of {len(bots)} bots gather history.")
    return CheckLine("warm", title, OK, f"All {len(bots)} bots have seen enough bars.")


def _drawdown_lines(bots: Sequence[BotView]) -> list[CheckLine]:
    """Return who is stopped until a person opens the way back; no line while nobody is."""
    stops = drawdown_stops(bots)
    if not stops:
        return []
    names = [f"{b.strategy.replace('_', ' ')} on {b.pair}" for b in bots if b.id in stops]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    status = BLOCKED if len(stops) == len(bots) else WARNING
    sentence = (
        f"{len(stops)} of {len(bots)} bots enter no more until they are re-armed: "
        f"{', '.join(names[:3])}{more}."
    )
    return [CheckLine("drawdown", "Drawdown", status, sentence)]


def _group_line(
    key: str, title: str, bots: Sequence[BotView], outcomes: tuple[Outcome, ...], fine: str
) -> CheckLine:
    stopped = Counter(o for b in bots if (o := b.outcome) is not None and o in outcomes)
    if not stopped:
        return CheckLine(key, title, OK, fine)
    n = sum(stopped.values())
    parts = ", ".join(f"{OUTCOME_TEXT[o]} ({c})" for o, c in stopped.most_common())
    status = BLOCKED if n == len(bots) else WARNING
    return CheckLine(
        key, title, status, f"{n} of {len(bots)} bots stopped on their last bar: {parts}."
    )


def _order_line(session_ids: Sequence[int]) -> CheckLine:
    title = "Orders"
    unknown = Order.objects.filter(session_id__in=session_ids, status="unknown").count()
    if unknown:
        return CheckLine(
            "orders",
            title,
            WARNING,
            f"{unknown} orders are in an unknown state; the venue is asked.",
        )
    return CheckLine("orders", title, OK, "Every order's state is known.")
