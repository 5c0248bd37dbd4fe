"""Which bots an order covers, and which names an order may carry.

The one rule of coverage: previews count by it and sessions obey by it. A bot goes by its pair and
strategy (``BTC/USDT momentum``, which covers every bot of the two) or by the name it was installed
under. Names are checked against what the desk has; a kill does not need a readable configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from django.db.models import Q, QuerySet

from trading.base.domain.errors import BadInputError, ConfigError
from trading.base.domain.names import unknown_name
from trading.desk.domain.config import DeskConfig
from trading.desk.models import Bot, DeskSession, Mode, TradingControl
from trading.desk.services.config.overrides import current_config
from trading.market.domain.instruments import CHAIN_OF_VENUE
from trading.market.models import Feed

Scope = TradingControl.Scope
ENDED: Final = (
    DeskSession.Status.FINISHED, DeskSession.Status.STOPPED, DeskSession.Status.FAILED
)  # fmt: skip


def bots_covered(scope: str, name: str) -> QuerySet[Bot]:
    """Return every bot the scope covers, of all sessions that ever were."""
    return Bot.objects.filter(_covering(scope, name))


def bots_obeying(scope: str, name: str) -> QuerySet[Bot]:
    """Return the bots an order for the scope reaches now: those of wanted, unfinished sessions."""
    rows = bots_covered(scope, name).filter(session__is_wanted=True)
    return rows.exclude(session__status__in=ENDED)


def _covering(scope: str, name: str) -> Q:
    if scope == Scope.DESK:
        return Q()
    if scope == Scope.VENUE:
        return Q(session__feed__venue=name)
    if scope == Scope.CHAIN:
        venues = [venue for venue, chain in CHAIN_OF_VENUE.items() if chain == name]
        return Q(session__feed__venue__in=venues)
    if scope == Scope.STRATEGY:
        return Q(strategy=name)
    pair, _, strategy = name.partition(" ")
    return Q(pair=pair, strategy=strategy) | (Q(name=name) & ~Q(name=""))


def scope_check(scope: str, name: str) -> None:
    """Refuse a scope or a name that does not exist.

    A name that an order was given for before stays known, so that the order can be lifted.

    Raises:
        BadInputError: the message names the nearest ones.
    """
    if scope not in Scope.values:
        raise unknown_name("scope", scope, Scope.values)
    if scope == Scope.DESK:
        if name:
            raise BadInputError(f"scope 'desk' was given the name {name!r}; it has none")
        return
    if not name:
        raise BadInputError(f"scope {scope!r} was given without a name; say which {scope}")
    known: set[str] = set()
    for names in _NAMES[Scope(scope)]:
        known.update(names())
        if name in known:
            return
    if not TradingControl.objects.filter(scope=scope, name=name).exists():
        raise unknown_name(scope, name, known)


def _venues_followed() -> Iterable[str]:
    return set(Feed.objects.values_list("venue", flat=True))


def _venues_configured() -> Iterable[str]:
    for config in _configs():
        named = {config.market.venue.id, *(b.venue for b in config.bots.installed.values())}
        yield from named - {""}


def _chains() -> Iterable[str]:
    return set(CHAIN_OF_VENUE.values())


def _strategies_run() -> Iterable[str]:
    return set(Bot.objects.values_list("strategy", flat=True))


def _strategies_registered() -> Iterable[str]:
    # numba stands behind the strategies; a kill of one that runs need not load it
    from trading.signals.domain.strategies import STRATEGIES

    return list(STRATEGIES)


def _bots_of_the_desk() -> Iterable[str]:
    sessions = DeskSession.objects.exclude(mode=Mode.BACKTEST)
    wanted = list(sessions.filter(is_wanted=True).values_list("pk", flat=True))
    shown = wanted or list(sessions.order_by("-id").values_list("pk", flat=True)[:1])
    for pair, strategy, name in Bot.objects.filter(session_id__in=shown).values_list(
        "pair", "strategy", "name"
    ):
        yield f"{pair} {strategy}"
        if name:
            yield name


def _bots_installed() -> Iterable[str]:
    for config in _configs():
        yield from config.bots.installed


def _configs() -> Iterator[DeskConfig]:
    """Yield the configuration, nothing while it cannot be read: orders must stay possible."""
    try:
        yield current_config().config
    except ConfigError:
        return


_NAMES: Final[Mapping[Scope, tuple[Callable[[], Iterable[str]], ...]]] = {
    Scope.VENUE: (_venues_followed, _venues_configured),
    Scope.CHAIN: (_chains,),
    Scope.STRATEGY: (_strategies_run, _strategies_registered),
    Scope.BOT: (_bots_of_the_desk, _bots_installed),
}
