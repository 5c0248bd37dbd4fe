"""Collect what every page of the desk shows, once per request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.http import HttpRequest

from guardian.bootstrap import desk_health
from guardian.domain.advisories import BLOCKED, Advisory, degradation_level
from guardian.selectors.advisories import advisory_list
from guardian.selectors.logins import login_locks
from trading.base import bootstrap
from trading.desk.selectors.bots import BotView, bot_list
from trading.desk.selectors.feeds import FeedView, feed_list, market_now
from trading.desk.selectors.health import SessionView, session_list
from trading.desk.selectors.overview import ControlView, controls_in_force, desk_control, mode_badge

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

    @cached_property
    def controls(self) -> tuple[ControlView, ...]:
        """Return the orders in force."""
        return controls_in_force()

    @cached_property
    def frame(self) -> Mapping[str, Any]:
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
            "controls": self.controls,
            "can_operate": self.request.user.has_perm(OPERATE),
        }
