"""Build what runs the desk from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from django.conf import settings

from trading.base.adapters.worker_drain import is_draining
from trading.base.bootstrap import event_publisher, meter, system_clock
from trading.base.domain.errors import BadInputError
from trading.desk.bootstrap.bench import core_bench_run
from trading.desk.bootstrap.recorders import RECORDERS
from trading.desk.domain.config import DeskConfig
from trading.desk.models import DeskSession, Mode
from trading.desk.services.bots import installing
from trading.desk.services.bots.installing import BotAsked, BotInstallation
from trading.desk.services.config.overrides import current_config
from trading.desk.services.sessions.opening import (
    MarketPlan,
    desk_open,
    market_plan,
    replay_plan,
    sessions_active,
)
from trading.desk.services.sessions.readers import SessionReaders
from trading.desk.services.sessions.runner import RunLimits, SessionRunner
from trading.market.bootstrap import candle_store, feed_open, swap_cost_entries, venue_problem
from trading.market.domain.feed_kind import FeedKind
from trading.market.services.stream.supervisor import StreamSupervisor

__all__ = [
    "bot_install",
    "core_bench_run",
    "desk_config",
    "desk_start",
    "open_default_desk",
    "session_runner",
    "stream_supervisor",
]


def stream_supervisor() -> StreamSupervisor:
    """Return the stream process: every running feed, written and announced."""
    return StreamSupervisor(
        open_feed=feed_open,
        readers=SessionReaders(),
        publisher=event_publisher(),
        clock=system_clock(),
        meter=meter(),
    )


def desk_config(command_line: Sequence[str] = ()) -> DeskConfig:
    """Return the configuration in force: files, database overrides, environment, command line.

    Raises:
        ConfigError: a layer is wrong; the message names file, key and value.
    """
    return current_config(command_line=command_line).config


def session_runner(*, session_id: int, owner: str) -> SessionRunner:
    """Return the runner of one session for this worker."""
    limits = RunLimits(deadline_s=settings.SESSION_DEADLINE_S, should_stop=is_draining)
    return SessionRunner(
        session_id=session_id,
        owner=owner,
        clock=system_clock(),
        publisher=event_publisher(),
        limits=limits,
        recorders=RECORDERS,
    )


def open_default_desk(kind: FeedKind | None = None) -> list[DeskSession]:
    """Open what the configuration says unless sessions are already wanted; return all wanted.

    Raises:
        BadInputError: the configured market cannot be opened; the message says what is missing.
    """
    active = sessions_active()
    if active:
        return active
    config, entries = desk_config(), swap_cost_entries()
    plan = market_plan(config=config, store=candle_store(), swap_cost_entries=entries, kind=kind)
    _check_venue(plan)
    return desk_open(
        plan=plan, config=config, mode=Mode.GHOST, swap_cost_entries=entries, clock=system_clock()
    )


def desk_start(
    *,
    venue: str,
    pairs: Sequence[str],
    timeframe: str,
    bar_seconds: float,
    start_ms: int | None,
    end_ms: int | None,
) -> list[DeskSession]:
    """Open ghost sessions over stored candles of a venue, or what the configuration says.

    Raises:
        BadInputError: nothing is stored for what was asked.
    """
    config, entries = desk_config(), swap_cost_entries()
    if not venue:
        plan = market_plan(config=config, store=candle_store(), swap_cost_entries=entries)
        _check_venue(plan)
    else:
        plan = replay_plan(
            store=candle_store(),
            venue=venue,
            pairs=pairs,
            timeframe=timeframe,
            params={
                "bar_seconds": bar_seconds,
                "history_bars": 0,
                "start_ms": start_ms,
                "end_ms": end_ms,
            },
        )
    return desk_open(
        plan=plan, config=config, mode=Mode.GHOST, swap_cost_entries=entries, clock=system_clock()
    )


def _check_venue(plan: MarketPlan) -> None:
    problem = venue_problem(plan.venue) if plan.kind is FeedKind.CCXT else None
    if problem is not None:
        raise BadInputError(f"market.venue.id: {problem}")


def bot_install(**asked: Unpack[BotAsked]) -> BotInstallation:
    """Install a strategy with its parameters as a ghost bot; see the service.

    Raises:
        BadInputError: something asked for cannot be; the message says what and why.
    """
    entries, clock = swap_cost_entries(), system_clock()
    return installing.bot_install(
        asked, store=candle_store(), swap_cost_entries=entries, clock=clock
    )
