"""Open sessions: decide where bars come from, create the feed, split the pairs into shards.

AUTO prefers what is most real: a configured venue, else stored candles, else the simulated market.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock
from trading.desk.domain.config import DeskConfig, InstalledBot
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.journal import GENESIS
from trading.desk.models import Bot, DeskSession, Mode, SessionFact, SessionLease
from trading.desk.services.sessions.blueprint import (
    bars_needed,
    blueprint_make,
    ghost_blueprint_make,
)
from trading.desk.services.sessions.rows.ledger import ledger_open
from trading.desk.services.sessions.rows.values import bot_identity
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.instruments import CHAIN_OF_VENUE, SIMULATED_VENUE, Pair
from trading.market.domain.timeframes import timeframe_name
from trading.market.models import Feed
from trading.market.ports.candles import CandleStore, SeriesInfo
from trading.market.services.candles.series import range_check
from trading.market.services.stream.feeds import feed_create

_ENDED = (DeskSession.Status.FINISHED, DeskSession.Status.STOPPED, DeskSession.Status.FAILED)


@dataclass(frozen=True, slots=True)
class MarketPlan:
    """Which bars a new feed brings."""

    kind: FeedKind
    venue: str
    timeframe: str
    pairs: tuple[str, ...]
    params: dict[str, Any]


def sessions_active() -> list[DeskSession]:
    """Return the sessions that should be running, oldest first."""
    rows = DeskSession.objects.filter(is_wanted=True).exclude(status__in=_ENDED)
    return list(rows.select_related("feed").order_by("id"))


def market_plan(
    *,
    config: DeskConfig,
    store: CandleStore,
    swap_cost_entries: Mapping[str, Any] | None,
    kind: FeedKind | None = None,
) -> MarketPlan:
    """Return what the desk follows when nobody says otherwise.

    Raises:
        BadInputError: the asked-for kind has nothing to offer (no venue configured, no candles).
    """
    market = config.market
    wanted = kind or market.feed
    if wanted is FeedKind.CCXT or (wanted is FeedKind.AUTO and market.venue.id):
        return _venue_plan(config)
    if wanted in (FeedKind.REPLAY, FeedKind.AUTO):
        # of simulated candles a desk nobody asked makes none: the simulated market is livelier
        plan = _replay_plan(
            config, store, swap_cost_entries, with_simulated=wanted is FeedKind.REPLAY
        )
        if plan is not None:
            return plan
        if wanted is FeedKind.REPLAY:
            raise BadInputError(
                f"no candles are stored for timeframe {market.timeframe}; "
                "run: manage.py candles import FILE --venue V --pair P --timeframe T"
            )
    simulated = market.simulated
    return MarketPlan(
        FeedKind.SIMULATED,
        SIMULATED_VENUE,
        market.timeframe,
        tuple(sorted(market.pairs or simulated.pairs)),
        {
            "seed": simulated.seed,
            "history_bars": simulated.history_bars,
            "bar_seconds": simulated.bar_seconds,
        },
    )


def _venue_plan(config: DeskConfig) -> MarketPlan:
    market = config.market
    if not market.venue.id or not market.pairs:
        raise BadInputError(
            "following a venue needs market.venue.id and market.pairs in the configuration"
        )
    return MarketPlan(
        FeedKind.CCXT,
        market.venue.id,
        market.timeframe,
        tuple(sorted(market.pairs)),
        {
            "base_url": market.venue.base_url,
            "poll_s": market.venue.poll_s,
            "history_bars": max(market.venue.history_bars, bars_needed(config)),
            "skew_limit_s": market.venue.skew_limit_s,
        },
    )


def _replay_plan(
    config: DeskConfig,
    store: CandleStore,
    swap_cost_entries: Mapping[str, Any] | None,
    *,
    with_simulated: bool,
) -> MarketPlan | None:
    market = config.market
    identity = getattr(swap_cost_entries, "identity", None)
    has_swap_costs = bool(swap_cost_entries) and not (identity and identity.is_simulated)
    series: dict[str, list[SeriesInfo]] = {}
    for info in store.list():
        is_usable = has_swap_costs or info.key.venue not in CHAIN_OF_VENUE
        is_usable &= with_simulated or info.key.venue != SIMULATED_VENUE
        is_wanted = not market.pairs or info.key.pair in market.pairs
        if is_usable and is_wanted and info.key.timeframe == market.timeframe:
            series.setdefault(info.key.venue, []).append(info)
    if not series:
        return None
    venue = max(series, key=lambda name: max(info.last_open for info in series[name]))
    return MarketPlan(
        FeedKind.REPLAY,
        venue,
        market.timeframe,
        tuple(sorted(info.key.pair for info in series[venue])),
        {
            "bar_seconds": market.replay_bar_seconds,
            "history_bars": market.replay_history_bars,
        },
    )


def replay_plan(
    *,
    store: CandleStore,
    venue: str,
    pairs: Sequence[str],
    timeframe: str,
    params: dict[str, Any],
) -> MarketPlan:
    """Return a replay of stored candles; without pairs, of all that the venue has.

    Raises:
        BadInputError: a series is not stored, or no bar of the range asked for.
    """
    venue, timeframe = venue.strip().lower(), timeframe_name(timeframe)
    stored = {
        info.key.pair: (info.first_open, info.last_open)
        for info in store.list()
        if (info.key.venue, info.key.timeframe) == (venue, timeframe)
    }
    missing = sorted(set(pairs) - set(stored))
    if missing or not stored:
        raise BadInputError(
            f"no {timeframe} candles of {venue!r} are stored for {', '.join(missing) or 'any pair'}"
        )
    wanted = tuple(sorted(pairs or stored))
    start_ms, end_ms = params.get("start_ms"), params.get("end_ms")
    range_check([stored[pair] for pair in wanted], start_ms=start_ms, end_ms=end_ms)
    return MarketPlan(FeedKind.REPLAY, venue, timeframe, wanted, params)


@transaction.atomic
def desk_open(
    *,
    plan: MarketPlan,
    config: DeskConfig,
    mode: Mode,
    swap_cost_entries: Mapping[str, Any] | None,
    clock: Clock,
) -> list[DeskSession]:
    """Create the feed and one session per group of pairs and per installed bot.

    Raises:
        BadInputError: see ``blueprint_make`` and ``feed_create``.
    """
    DeskSession.objects.filter(status__in=_ENDED).update(is_wanted=False)  # history from now on
    number = Feed.objects.count() + 1
    pairs = tuple(sorted({str(Pair.parse(pair)) for pair in plan.pairs}))
    feed = feed_create(
        kind=plan.kind,
        venue=plan.venue,
        timeframe=plan.timeframe,
        pairs=pairs,
        params=plan.params,
        name="-".join(dict.fromkeys((plan.kind.value, plan.venue, plan.timeframe, str(number)))),
        clock=clock,
    )
    return [
        session_create(feed, shard, mode, blueprint, clock)
        for shard, blueprint in enumerate(_blueprints(feed, config, swap_cost_entries))
    ]


def _blueprints(
    feed: Feed, config: DeskConfig, swap_cost_entries: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return the start of every session on the feed: groups of pairs, then installed bots."""
    size, pairs = config.bots.pairs_per_shard, feed.pairs
    groups = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    blueprints = [
        blueprint_make(
            config=config,
            venue=feed.venue,
            pairs=group,
            timeframe=feed.timeframe,
            swap_cost_entries=swap_cost_entries,
        )
        for group in groups
    ]
    return blueprints + [
        ghost_blueprint_make(config=config, name=name, swap_cost_entries=swap_cost_entries)
        for name, bot in sorted(config.bots.installed.items())
        if follows(bot, feed)
    ]


def follows(bot: InstalledBot, feed: Feed) -> bool:
    """Return whether the feed brings the bars an installed bot wants."""
    wanted = bot.venue, bot.timeframe
    return (feed.venue, feed.timeframe) == wanted and str(Pair.parse(bot.pair)) in feed.pairs


def session_create(
    feed: Feed, shard: int, mode: Mode, blueprint: Mapping[str, Any], clock: Clock
) -> DeskSession:
    """Write a session with its start, its lease and its bots; supervision finds it."""
    now = clock.now()
    session = DeskSession.objects.create(
        mode=mode,
        feed=feed,
        shard=shard,
        pairs=sorted({plan["pair"] for plan in blueprint["bots"]}),
        digest=GENESIS.hex(),
        cursor_seq=blueprint.get("begin_after_seq", 0),
        code_version=blueprint["code_version"],
        created_at=now,
        updated_at=now,
    )
    SessionLease.objects.create(session=session)
    SessionFact.objects.create(
        session=session, after_seq=0, n=0, kind=FactKind.START, payload=blueprint, created_at=now
    )
    Bot.objects.bulk_create(_bot(session, plan) for plan in blueprint["bots"])
    ledger_open(session_id=session.pk, mode=session.mode, start=blueprint)
    return session


def _bot(session: DeskSession, plan: Mapping[str, Any]) -> Bot:
    return Bot(
        session=session,
        index=plan["index"],
        **bot_identity(plan),
        cash=plan["bankroll"],
        native_balance=plan["native_balance"],
        **dict.fromkeys(("equity_mark", "peak_mark", "day_mark"), float(plan["bankroll"])),
        equity=plan["bankroll"],
        peak_equity=plan["bankroll"],
    )


def sessions_stop(*, session_ids: Sequence[int]) -> int:
    """Ask the workers to stop these sessions; return how many were asked.

    A feed that no session wants any more stops with them.

    Raises:
        BadInputError: one of them does not exist; none was asked.
    """
    known = DeskSession.objects.filter(pk__in=session_ids).values_list("pk", flat=True)
    unknown = sorted(set(session_ids) - set(known))
    if unknown:
        raise BadInputError(f"there is no session {unknown[0]}; see: manage.py status")
    rows = DeskSession.objects.filter(pk__in=session_ids, is_wanted=True)
    feed_ids = set(rows.values_list("feed_id", flat=True))
    asked = rows.update(is_wanted=False)
    Feed.objects.filter(pk__in=feed_ids, status=Feed.Status.RUNNING).exclude(
        sessions__is_wanted=True
    ).update(status=Feed.Status.STOPPED, status_reason="no session wants it any more")
    return asked
