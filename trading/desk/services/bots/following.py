"""Let sessions follow the configuration: every installed bot runs, every other one stops.

An installed bot runs in a session of its own, so that no other bot's decision changes. It starts on
a running feed with its bars: those already in the feed's log warm the strategy up without orders,
and it trades from the next bar on. An operator who stops it on a feed has the last word there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from trading.base.ports.clock import Clock
from trading.desk.domain.config import DeskConfig
from trading.desk.models import Bot, DeskSession, Mode, SessionFact
from trading.desk.services.sessions.blueprint import ghost_blueprint_make, ghost_plan
from trading.desk.services.sessions.opening import session_create, sessions_stop
from trading.market.domain.instruments import Pair
from trading.market.models import Feed

SwapCostEntries = Mapping[str, Any]
_ENDED = (DeskSession.Status.FINISHED, DeskSession.Status.STOPPED, DeskSession.Status.FAILED)


def ghosts_follow(
    *,
    config: DeskConfig,
    swap_cost_entries: Callable[[], SwapCostEntries | None],
    clock: Clock,
) -> tuple[list[str], list[str]]:
    """Start installed bots that never ran on the running feed, stop those no longer installed.

    Args:
        config: in force now.
        swap_cost_entries: reads the cache; asked only when a bot starts.
        clock: for the time of creation.

    Returns:
        names started, names stopped.

    Raises:
        BadInputError: a bot cannot start; those before it did.
    """
    stopped = ghosts_stop(config=config)
    started = []
    for name, bot in sorted(config.bots.installed.items()):
        feed = feed_running(bot.venue, str(Pair.parse(bot.pair)), bot.timeframe)
        if feed is None or _ran(feed, config, name):
            continue
        ghost_start(config=config, name=name, swap_cost_entries=swap_cost_entries(), clock=clock)
        started.append(name)
    return started, stopped


def feed_running(venue: str, pair: str, timeframe: str) -> Feed | None:
    """Return the newest running feed that brings these bars, None when there is none."""
    rows = Feed.objects.filter(venue=venue, timeframe=timeframe, status=Feed.Status.RUNNING)
    return next((row for row in rows.order_by("-id") if pair in row.pairs), None)


@transaction.atomic
def ghost_start(
    *, config: DeskConfig, name: str, swap_cost_entries: SwapCostEntries | None, clock: Clock
) -> int | None:
    """Return the session that runs the bot, opened now unless it runs; None without a feed.

    Raises:
        BadInputError: it pays swap costs and none are known.
    """
    bot = config.bots.installed[name]
    feed = feed_running(bot.venue, str(Pair.parse(bot.pair)), bot.timeframe)
    if feed is None:
        return None
    feed = Feed.objects.select_for_update().get(pk=feed.pk)  # one opens, the others find it
    running = _sessions(feed, config, name).filter(is_wanted=True).exclude(status__in=_ENDED)
    session = running.first()
    if session is None:
        blueprint = ghost_blueprint_make(
            config=config,
            name=name,
            swap_cost_entries=swap_cost_entries,
            warm_through_seq=feed.last_seq,
        )
        session = session_create(feed, feed.sessions.count(), Mode.GHOST, blueprint, clock)
    return int(session.pk)


def ghosts_stop(*, config: DeskConfig) -> list[str]:
    """Ask the sessions of bots that are not installed as they are to stop; return the names."""
    rows = Bot.objects.exclude(name="").filter(session__is_wanted=True)
    rows = rows.exclude(session__status__in=_ENDED).order_by("name")
    gone = [bot for bot in rows if not _is_as_installed(bot, config)]
    sessions_stop(session_ids=[bot.session_id for bot in gone])
    return [bot.name for bot in gone]


def _ran(feed: Feed, config: DeskConfig, name: str) -> bool:
    bots = Bot.objects.filter(session__feed=feed, name=name)
    return any(_is_as_installed(bot, config) for bot in bots)


def _sessions(feed: Feed, config: DeskConfig, name: str) -> Any:
    bots = Bot.objects.filter(session__feed=feed, name=name)
    alike = [bot.session_id for bot in bots if _is_as_installed(bot, config)]
    return DeskSession.objects.filter(pk__in=alike)


def _is_as_installed(bot: Bot, config: DeskConfig) -> bool:
    if bot.name not in config.bots.installed:
        return False
    start = SessionFact.objects.get(session_id=bot.session_id, n=0)
    return bool(start.payload["bots"] == [ghost_plan(config, bot.name)])
