"""Build the trading adapters from the settings; the only place that does."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Unpack

from django.conf import settings

from trading.adapters.candles import ArrowCandleFiles, ParquetCandleStore
from trading.adapters.channels_publisher import ChannelsPublisher
from trading.adapters.feeds.replay import ReplayFeed, ReplaySpec
from trading.adapters.feeds.simulated import SimulatedFeed
from trading.adapters.feeds.venue import VenueFeed, VenueSpec
from trading.adapters.system_clock import SystemClock
from trading.adapters.worker_drain import is_draining
from trading.bootstrap.swap_costs import (
    SWAP_COST_FILE,
    aggregator_quoter,
    router_quoter,
    simulated_costs_put,
    swap_cost_entries,
    swap_cost_store,
    swap_costs_file,
    swap_costs_measured,
    swap_costs_named,
)
from trading.domain.desk.config import DeskConfig, FeedKind
from trading.domain.errors import BadInputError
from trading.domain.market.bars import BarArrays
from trading.domain.market.simulated import SimulatedMarket
from trading.domain.market.timeframes import timeframe_ms
from trading.models import DeskSession, Mode
from trading.models import Feed as FeedRow
from trading.ports.candles import CandleFileReader, CandleStore, FollowedSource
from trading.ports.clock import Clock
from trading.ports.feeds import Feed
from trading.ports.publisher import EventPublisher
from trading.services.bots import installing
from trading.services.bots.installing import BotAsked, BotInstallation
from trading.services.candles.series import series_check
from trading.services.desk_config.overrides import current_config
from trading.services.sessions.opening import (
    MarketPlan,
    desk_open,
    market_plan,
    replay_plan,
    sessions_active,
)
from trading.services.sessions.runner import RunLimits, SessionRunner
from trading.services.stream.supervisor import StreamSupervisor

__all__ = [
    "SWAP_COST_FILE",
    "aggregator_quoter",
    "bot_install",
    "candle_file_reader",
    "candle_source",
    "candle_store",
    "candles_from_file",
    "chance",
    "desk_config",
    "desk_start",
    "event_publisher",
    "feed_open",
    "open_default_desk",
    "router_quoter",
    "session_runner",
    "simulated_costs_put",
    "stream_supervisor",
    "swap_cost_entries",
    "swap_cost_store",
    "swap_costs_file",
    "swap_costs_measured",
    "swap_costs_named",
    "system_clock",
    "venue_problem",
]


def system_clock() -> Clock:
    """Return the machine's clock."""
    return SystemClock()


def candle_store() -> CandleStore:
    """Return the candle store in the data folder."""
    return ParquetCandleStore(settings.DATA_DIR / "candles")


def candle_file_reader() -> CandleFileReader:
    """Return the reader of CSV, Parquet and Feather files."""
    return ArrowCandleFiles()


def candle_source(*, venue: str, base_url: str = "") -> FollowedSource:
    """Return the venue's candles through ccxt; ``base_url`` overrides its endpoint."""
    # ccxt alone takes two seconds to import, so only those who need it pay
    from trading.adapters.feeds.ccxt_rest import CcxtCandleSource

    return CcxtCandleSource(venue, clock=system_clock(), base_url=base_url)


def chance() -> Callable[[], float]:
    """Return what gives numbers from 0 to 1, to part those who wait for the same thing."""
    return random.SystemRandom().random


def venue_problem(venue: str) -> str | None:
    """Return what is wrong with the name of a venue to follow, None when ccxt knows it."""
    from trading.adapters.feeds.ccxt_venues import venue_problem as problem

    return problem(venue)


def event_publisher() -> EventPublisher:
    """Return the way news reaches the browser."""
    return ChannelsPublisher()


def feed_open(row: FeedRow) -> Feed:
    """Return the source a feed's row describes, ready to go on from any position.

    Raises:
        BadInputError: the row names a venue or an endpoint that does not exist.
    """
    if row.kind == FeedKind.CCXT:
        return _venue_feed(row)
    return _replay_feed(row) if row.kind == FeedKind.REPLAY else _simulated_feed(row)


def _venue_feed(row: FeedRow) -> Feed:
    params = row.params
    spec = VenueSpec(
        row.timeframe,
        tuple(row.pairs),
        poll_s=float(params.get("poll_s", 5.0)),
        history_bars=int(params.get("history_bars", 500)),
    )
    source = candle_source(venue=row.venue, base_url=params.get("base_url", ""))
    return VenueFeed(spec, source=source, clock=system_clock())


def _replay_feed(row: FeedRow) -> Feed:
    params = row.params
    spec = ReplaySpec(
        row.venue, row.timeframe, tuple(row.pairs), params.get("start_ms"), params.get("end_ms")
    )
    return ReplayFeed(
        spec,
        store=candle_store(),
        clock=system_clock(),
        bar_seconds=float(params.get("bar_seconds", 1.0)),
        history_bars=int(params.get("history_bars", 0)),
    )


def _simulated_feed(row: FeedRow) -> Feed:
    params = row.params
    market = SimulatedMarket(
        seed=int(params.get("seed", 7)),
        pairs=row.pairs,
        epoch_ms=int(params["epoch_ms"]),
        step_ms=timeframe_ms(row.timeframe),
    )
    return SimulatedFeed(
        market,
        clock=system_clock(),
        bar_seconds=float(params.get("bar_seconds", 1.0)),
        history_bars=int(params.get("history_bars", 0)),
    )


def stream_supervisor() -> StreamSupervisor:
    """Return the stream process: every running feed, written and announced."""
    return StreamSupervisor(open_feed=feed_open, publisher=event_publisher(), clock=system_clock())


def desk_config(command_line: Sequence[str] = ()) -> DeskConfig:
    """Return the configuration in force: files, database overrides, environment, command line.

    Raises:
        ConfigError: a layer is wrong; the message names file, key and value.
    """
    return current_config(command_line=command_line).config


def candles_from_file(path: Path, timeframe: str) -> BarArrays:
    """Return the checked bars of a file that stays outside the store."""
    candles = candle_file_reader().read(path)
    step_ms = timeframe_ms(timeframe)
    return series_check(candles, step_ms=step_ms, now_ms=system_clock().now_ms()).bars


def session_runner(*, session_id: int, owner: str) -> SessionRunner:
    """Return the runner of one session for this worker."""
    limits = RunLimits(deadline_s=settings.SESSION_DEADLINE_S, should_stop=is_draining)
    return SessionRunner(
        session_id=session_id,
        owner=owner,
        clock=system_clock(),
        publisher=event_publisher(),
        limits=limits,
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
