"""Install a strategy with given parameters as a ghost bot, and take it away again.

The bot is a revision of the configuration (``bots.installed``: who, when, why, what; it can be
rolled back). Where a feed with its bars is running its session starts at once, see ``following``;
otherwise it starts with the next ``desk start`` on its venue.

An installed bot acts as the optimizer evaluates: all of its money at the next open, no stops but
the strategy's own, swap costs. Savings stay on, unlike in an evaluation: what a checkpoint sets
aside no longer compounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final, TypedDict

from django.db import transaction
from django.db.models import Max

from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import decimal_number
from trading.base.ports.clock import Clock
from trading.desk.domain.config import BOT_NAME, BOT_NAME_TEXT, DeskConfig, InstalledBot
from trading.desk.services.bots import INSTALLED
from trading.desk.services.bots.following import feed_running, ghost_start, ghosts_stop
from trading.desk.services.config.overrides import (
    current_config,
    current_overrides,
    current_revision_number,
    override_set,
)
from trading.desk.services.config.problems import StaleRevisionError
from trading.market.domain.instruments import Pair, instrument_default
from trading.market.domain.timeframes import MS_PER_DAY, timeframe_ms, timeframe_name
from trading.market.models import StreamBar
from trading.market.ports.candles import CandleStore, SeriesKey
from trading.signals.domain.strategies import strategy_get
from trading.signals.domain.strategies.base import warm_bars

# The optimizer's overlays act on the whole account; the desk has its own risk limits instead.
OVERLAYS: Final = ("regime_entry_days", "risk_cap_pct", "max_equity_drawdown_pct")
_IDLE: Final = "regime_exit_days"  # means nothing without the days of the entry
_MOST_TRIES: Final = 5  # of people who change the settings at the same moment


class BotAsked(TypedDict):
    """What a person asks for; the trade size is quote currency, ``by`` and ``why`` are kept."""

    name: str
    strategy: str
    params: Mapping[str, float]
    venue: str
    pair: str
    timeframe: str
    trade_size: Decimal | float | str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class BotOrder:
    """The same checked, with the parameters complete; the trade size is quote currency."""

    name: str
    strategy: str
    params: Mapping[str, float]
    venue: str
    pair: str
    timeframe: str
    trade_size: Decimal


@dataclass(frozen=True, slots=True)
class BotInstallation:
    """What came of it.

    Attributes:
        name: of the bot; of the one already there when the same was installed before.
        revision: of the configuration that holds it.
        session_id: the session that runs it, None while no feed brings its bars.
        is_new: False when it was there already.
        note: what happens next, in sentences.
    """

    name: str
    revision: int
    session_id: int | None
    is_new: bool
    note: str


def bot_order(asked: BotAsked) -> BotOrder:
    """Return the order with every value checked and the parameters complete.

    Raises:
        BadInputError: a value cannot be used; the message says which and why.
    """
    name, params, timeframe = asked["name"], asked["params"], timeframe_name(asked["timeframe"])
    if not BOT_NAME.match(name):
        raise BadInputError(f"bot name was {name!r}; expected {BOT_NAME_TEXT}")
    strategy, pair = strategy_get(asked["strategy"]), Pair.parse(asked["pair"])
    overlays = [key for key in OVERLAYS if params.get(key, 0) != 0]
    if overlays:
        raise BadInputError(
            f"parameter {overlays[0]} was {params[overlays[0]]:g}; the desk runs no overlays, "
            "its own risk limits stand in their place: install a trial without it"
        )
    own = {key: value for key, value in params.items() if key not in (*OVERLAYS, _IDLE)}
    size = _size(asked["trade_size"])
    least = instrument_default(asked["venue"], pair, size).min_notional
    if size < least:
        raise BadInputError(f"trade size was {size}; the least order on {pair} is {least}")
    return BotOrder(
        name, strategy.name, strategy.resolve(own), asked["venue"], str(pair), timeframe, size
    )


def bot_install(
    asked: BotAsked,
    *,
    store: CandleStore,
    swap_cost_entries: Mapping[str, Any] | None,
    clock: Clock,
) -> BotInstallation:
    """Write the bot into the configuration and start it where its bars are streaming.

    The same strategy, parameters, market and trade size again is the same bot, whatever name was
    given the second time.

    Raises:
        BadInputError: the pair is neither stored nor streamed, there are no swap costs, the name
            belongs to another bot, a value cannot be used, or who or why is missing.
    """
    order = bot_order(asked)
    market = order.venue, order.pair, order.timeframe
    if feed_running(*market) is None and store.info(SeriesKey(*market)) is None:
        raise BadInputError(
            f"no {order.timeframe} candles of {order.pair} on {order.venue!r} are stored or "
            "streamed; see: manage.py candles list"
        )
    if not swap_cost_entries:
        raise BadInputError(
            "an installed bot pays swap costs and none are known; run: manage.py swap_costs refresh"
        )
    with transaction.atomic():
        name, is_new = _write(order, asked, clock)
        session_id = ghost_start(
            config=current_config().config,
            name=name,
            swap_cost_entries=swap_cost_entries,
            clock=clock,
        )
    note = _note(name, order, is_new=is_new, session_id=session_id)
    return BotInstallation(name, current_revision_number(), session_id, is_new, note)


def bot_remove(*, name: str, author: str, reason: str, clock: Clock) -> int:
    """Take an installed bot out of the configuration and stop its session; return the revision.

    Raises:
        BadInputError: the database's configuration installs no such bot.
    """
    overrides = current_overrides()
    installed = dict(overrides.get(INSTALLED, {}))
    if name not in installed:
        known = ", ".join(sorted(installed)) or "none"
        raise BadInputError(f"bot was {name!r}; installed are: {known}")
    del installed[name]
    with transaction.atomic():
        revision = override_set(
            changes={INSTALLED: installed or None}, reason=reason, author=author, clock=clock
        )
        ghosts_stop(config=current_config().config)
    return revision.number


def _size(value: Decimal | float | str) -> Decimal:
    try:
        size = decimal_number(str(value))
    except ValueError:
        size = Decimal(0)
    if size <= 0:
        raise BadInputError(f"trade size was {value!r}; expected an amount of quote above 0")
    return size


def _write(order: BotOrder, asked: BotAsked, clock: Clock) -> tuple[str, bool]:
    """Return the bot's name and whether it was written now."""
    for _ in range(_MOST_TRIES):
        number, config = current_revision_number(), current_config().config
        twin = _twin(order, config)
        if twin is not None:
            return twin, False
        if order.name in config.bots.installed:
            raise BadInputError(f"bot name {order.name!r} belongs to another bot; choose another")
        entry = {name: value for name, value in asdict(order).items() if name != "name"}
        own = current_overrides().get(INSTALLED, {})
        try:
            override_set(
                changes={INSTALLED: own | {order.name: entry}},
                reason=asked["why"],
                author=asked["by"],
                clock=clock,
                expected_number=number,
            )
        except StaleRevisionError:
            continue
        return order.name, True
    raise BadInputError("too many people change the settings at this moment; try again")


def _twin(order: BotOrder, config: DeskConfig) -> str | None:
    for name, bot in config.bots.installed.items():
        known = BotOrder(
            order.name,
            bot.strategy,
            strategy_get(bot.strategy).resolve(bot.params),
            bot.venue,
            str(Pair.parse(bot.pair)),
            bot.timeframe,
            bot.trade_size,
        )
        if known == order and bot.rules == InstalledBot(venue="-", pair="A/B").rules:
            return name
    return None


def _note(name: str, order: BotOrder, *, is_new: bool, session_id: int | None) -> str:
    what = "is installed" if is_new else "was installed before"
    where = f"{order.pair} {order.timeframe} on {order.venue}"
    if session_id is None:
        then = (
            f"No feed brings {where} now; start it with: manage.py desk start "
            f"--venue {order.venue} --pairs {order.pair} --timeframe {order.timeframe}"
        )
    else:
        then = (
            f"Session {session_id} runs it on {where} from the next bar on, as soon as a worker is "
            f"free. {_look_back(order, session_id)}"
        )
    return (
        f"Ghost bot {name} {what}. {then}. It trades paper money only and keeps the desk's savings "
        "discipline, so its profits compound less than in the evaluation."
    )


def _look_back(order: BotOrder, session_id: int) -> str:
    """Return, without the last full stop, what the bars of the feed so far mean to the bot."""
    step_ms = timeframe_ms(order.timeframe)
    features = strategy_get(order.strategy).features(order.params, step_ms)
    needed = max(map(warm_bars, features), default=0)
    if not needed:
        return "It looks back on nothing and acts on its first bar"
    feed_bars = StreamBar.objects.filter(feed__sessions=session_id, pair=order.pair)
    known = feed_bars.aggregate(n=Max("n"))["n"] or 0
    if needed <= known:
        return "The bars so far have warmed it up; what it would hold already it does not buy"
    days = (needed - known) * step_ms / MS_PER_DAY
    return (
        f"It looks back on {needed} bars and the feed has {known}, so it can first buy in about "
        f"{days:.1f} days"
    )
