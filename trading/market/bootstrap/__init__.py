"""Build what reads, keeps and follows markets."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from trading.base.bootstrap import system_clock
from trading.market.adapters.candles import ArrowCandleFiles, ParquetCandleStore
from trading.market.adapters.feeds.replay import ReplayFeed, ReplaySpec
from trading.market.adapters.feeds.simulated import SimulatedFeed
from trading.market.adapters.feeds.venue import VenueFeed, VenueSpec
from trading.market.bootstrap.swap_costs import (
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
from trading.market.domain.bars import BarArrays
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.simulated.market import SimulatedMarket
from trading.market.domain.timeframes import timeframe_ms
from trading.market.models import Feed as FeedRow
from trading.market.ports.candles import CandleFileReader, CandleStore, FollowedSource
from trading.market.ports.feeds import Feed
from trading.market.services.candles.series import series_check

__all__ = [
    "SWAP_COST_FILE",
    "aggregator_quoter",
    "candle_file_reader",
    "candle_source",
    "candle_store",
    "candles_from_file",
    "feed_open",
    "router_quoter",
    "simulated_costs_put",
    "swap_cost_entries",
    "swap_cost_store",
    "swap_costs_file",
    "swap_costs_measured",
    "swap_costs_named",
    "venue_problem",
]


def candle_store() -> CandleStore:
    """Return the candle store in the data folder."""
    return ParquetCandleStore(settings.DATA_DIR / "candles")


def candle_file_reader() -> CandleFileReader:
    """Return the reader of CSV, Parquet and Feather files."""
    return ArrowCandleFiles()


def candle_source(*, venue: str, base_url: str = "") -> FollowedSource:
    """Return the venue's candles through ccxt; ``base_url`` overrides its endpoint."""
    # ccxt alone takes two seconds to import, so only those who need it pay
    from trading.market.adapters.feeds.ccxt_rest import CcxtCandleSource

    return CcxtCandleSource(venue, clock=system_clock(), base_url=base_url)


def venue_problem(venue: str) -> str | None:
    """Return what is wrong with the name of a venue to follow, None when ccxt knows it."""
    from trading.market.adapters.feeds.ccxt_venues import venue_problem as problem

    return problem(venue)


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


def candles_from_file(path: Path, timeframe: str) -> BarArrays:
    """Return the checked bars of a file that stays outside the store."""
    candles = candle_file_reader().read(path)
    step_ms = timeframe_ms(timeframe)
    return series_check(candles, step_ms=step_ms, now_ms=system_clock().now_ms()).bars
