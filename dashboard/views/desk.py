"""Collect what every page of the desk shows, once per request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.http import HttpRequest

from guardian.bootstrap import desk_health
from guardian.domain.advisories import BLOCKED, Advisory, degradation_level
from guardian.selectors.advisories import advisory_list
from guardian.selectors.logins import login_locks
from trading.base import bootstrap
from trading.desk.selectors.bots import BotView, bot_list, money_summaries
from trading.desk.selectors.decisions import decision_list, outcome_counts
from trading.desk.selectors.drawdowns import drawdown_stops
from trading.desk.selectors.feeds import FeedView, feed_list, mark_prices, market_now
from trading.desk.selectors.health import SessionView, session_list
from trading.desk.selectors.overview import (
    bot_order_in_force,
    checklist,
    controls_in_force,
    desk_control,
    mode_badge,
)
from trading.desk.selectors.positions import position_list, round_trip_list
from trading.desk.selectors.savings import checkpoint_list, savings_rule, savings_summary
from trading.market.domain.timeframes import MS_PER_DAY

OPERATE: Final = "desk.operate_desk"


class Desk:
    """One consistent look at the desk; every part is read at most once."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.now: datetime = bootstrap.system_clock().now()

    @cached_property
    def sessions(self) -> tuple[SessionView, ...]:
        """Return the sessions that are the desk."""
        return session_list(self.now)

    @cached_property
    def session_ids(self) -> list[int]:
        """Return their ids."""
        return [session.id for session in self.sessions]

    @cached_property
    def feeds(self) -> tuple[FeedView, ...]:
        """Return the feeds they read."""
        return feed_list(self.now, self.sessions)

    @cached_property
    def bots(self) -> tuple[BotView, ...]:
        """Return their bots."""
        return bot_list(self.session_ids)

    @cached_property
    def market_ms(self) -> int | None:
        """Return the desk's own clock, ms UTC."""
        return market_now(self.feeds)

    @cached_property
    def advisories(self) -> tuple[Advisory, ...]:
        """Return every condition that needs the operator, worst first."""
        return advisory_list(desk_health(), self.sessions, self.feeds, login_locks(self.now))

    def frame(self) -> dict[str, Any]:
        """Return what the strip on every page needs."""
        control = desk_control()
        level = degradation_level(self.advisories)
        return {
            "now": self.now,
            "market_ms": self.market_ms,
            "mode": mode_badge(self.sessions, self.feeds),
            "feeds": self.feeds,
            "advisories": self.advisories,
            "level": level,
            "level_note": BLOCKED[level],
            "desk_control": control,
            "controls": controls_in_force(),
            "can_operate": self.request.user.has_perm(OPERATE),
        }

    def panel(self, name: str) -> dict[str, Any]:
        """Return what one panel needs, besides the clock."""
        return {"now": self.now, "market_ms": self.market_ms, **_PANELS[name](self)}


def _figures(desk: Desk) -> Mapping[str, Any]:
    return {
        "money": money_summaries(desk.bots),
        "n_in_position": sum(bot.is_in_position for bot in desk.bots),
        "n_bots": len(desk.bots),
        "n_decisions": sum(session.n_decisions for session in desk.sessions),
    }


def _decisions(desk: Desk) -> Mapping[str, Any]:
    with_quiet = desk.request.GET.get("quiet") == "1"
    return {
        "decisions": decision_list(desk.session_ids, with_quiet=with_quiet),
        "with_quiet": with_quiet,
        "bots": desk.bots,
    }


def _funnel(desk: Desk) -> Mapping[str, Any]:
    since = (desk.market_ms or 0) - MS_PER_DAY
    counts = outcome_counts(desk.session_ids, since)
    return {
        "counts": counts,
        "total": sum(c.count for c in counts),
        "largest": max((c.count for c in counts if c.kind != "quiet"), default=0),
    }


def _positions(desk: Desk) -> Mapping[str, Any]:
    return {"positions": position_list(desk.session_ids, mark_prices(desk.feeds))}


def _bots(desk: Desk) -> Mapping[str, Any]:
    orders, stops = controls_in_force(), drawdown_stops(desk.bots)
    return {
        "bots": desk.bots,
        "rows": [(b, bot_order_in_force(b, orders), stops.get(b.id)) for b in desk.bots],
        "can_operate": desk.request.user.has_perm(OPERATE),
    }


def _savings(desk: Desk) -> Mapping[str, Any]:
    return {
        "rule": savings_rule(desk.session_ids),
        "summary": savings_summary(desk.session_ids),
        "checkpoints": checkpoint_list(desk.session_ids),
    }


_PANELS: Final[dict[str, Callable[[Desk], Mapping[str, Any]]]] = {
    "strip": lambda desk: desk.frame(),
    "figures": _figures,
    "checklist": lambda desk: {"lines": checklist(desk.sessions, desk.feeds, desk.bots)},
    "decisions": _decisions,
    "funnel": _funnel,
    "positions": _positions,
    "trips": lambda desk: {"trips": round_trip_list(desk.session_ids)},
    "bots": _bots,
    "savings": _savings,
}

PANEL_NAMES: Final[Sequence[str]] = tuple(_PANELS)
