"""Measure the rungs that are missing or old, politely, and go on where an interruption left off.

Rungs are measured a few at a time, each with two requests; every finished one is kept on disk
beside the cache at once, and only a complete set replaces the cache, so that readers never see
half a refresh. Rungs of the cache that a refresh does not ask for stay as they are, each with its
own age; those of another market are replaced only on request.

Source: reference specification of the optimizer, section 1, fetcher.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trading.base.domain.errors import BadInputError
from trading.base.domain.events import SWAP_COSTS_REST_UNUSABLE
from trading.base.ports.clock import Clock
from trading.base.services.event_log import EventLog
from trading.market.ports.quotes import SwapCostStore, SwapQuoter
from trading.market.services.swap_costs.asking import REQUESTS_PER_RUNG, RungAsker, Say
from trading.market.services.swap_costs.budget import RequestBudget
from trading.market.services.swap_costs.cache import (
    MAX_AGE_S,
    SwapCostCache,
    cache_check,
    moment_of,
    swap_costs_get,
)
from trading.market.services.swap_costs.identity import identity_of
from trading.market.services.swap_costs.market import (
    MAX_NOTIONAL,
    PDAI_DAI,
    STEP,
    SwapMarket,
    rungs_of,
)

Progress = Callable[[int], None]

_log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class RefreshPlan:
    """What to measure and how hard to ask.

    Attributes:
        step: distance of the rungs, quote currency.
        max_notional: the largest notional wanted, rounded up to a rung, quote currency.
        requests_per_minute: in any 60 seconds, retries and earlier processes included.
        max_age_s: rungs younger than this are kept.
        is_forced: measure the wanted rungs of the cache again however young, and replace a cache
            of another market; what an interrupted refresh measured is still kept.
    """

    market: SwapMarket = PDAI_DAI
    step: int = STEP
    max_notional: int = MAX_NOTIONAL
    requests_per_minute: int = 8
    max_age_s: float = MAX_AGE_S
    is_forced: bool = False

    @property
    def rungs(self) -> tuple[int, ...]:
        """Return the notionals to measure.

        Raises:
            BadInputError: the ladder is impossible.
        """
        return rungs_of(step=self.step, max_notional=self.max_notional)


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What a refresh did; ``n_requests`` counts retries."""

    cache: SwapCostCache
    n_fetched: int
    n_kept: int
    n_requests: int


def cache_of(
    plan: RefreshPlan, entries: Mapping[str, Any], clock: Clock, pair: str
) -> dict[str, Any]:
    """Return the JSON of a cache, rungs in growing order; ``pair`` may be empty."""
    return {
        "metadata": {
            **plan.market.metadata(),
            **({"pair": pair} if pair else {}),
            "step_notional": str(plan.step),
            "generated_at": clock.now().isoformat(),
        },
        "entries": {rung: entries[rung] for rung in sorted(entries, key=float)},
    }


async def swap_costs_refresh(
    *,
    store: SwapCostStore,
    quoter: SwapQuoter,
    clock: Clock,
    plan: RefreshPlan,
    progress: Progress = lambda n_rungs: None,
    say: Say = lambda line: None,
) -> RefreshResult:
    """Measure what is missing, put the cache in place and return it.

    Args:
        store: where the cache is.
        quoter: whom to ask.
        clock: paces the requests and dates the rungs.
        plan: what is wanted.
        progress: told how many of the wanted rungs are there, after each.
        say: takes a line for a person: what is about to be done, and why it takes longer.

    Raises:
        BadInputError: the plan is impossible, or the file in place is not a cache or that of
            another market and the plan does not say to replace it.
        VenueError: a rung could not be measured; the finished ones are kept for the next refresh.
    """
    wanted, per_minute = plan.rungs, plan.requests_per_minute
    budget = RequestBudget(clock=clock, per_minute=per_minute, on_take=store.save_requests)
    with store.lock():
        in_place = _in_place(store, plan)
        kept = _kept(in_place, wanted, plan, clock)
        fetched = _resumed(store, plan, clock, say)
        before = len(fetched)
        missing = [r for r in wanted if str(r) not in kept and str(r) not in fetched]
        pair = _pair(plan, in_place)

        def keep(rung: str, entry: dict[str, Any]) -> None:
            fetched[rung] = entry
            store.save_unfinished(cache_of(plan, fetched, clock, pair))
            progress(len(wanted) - len(missing) + len(fetched) - before)

        if missing:
            why = "swap costs" if in_place else f"there are no swap costs at {store.name!r} yet"
            say(f"{why}: {_announcement(len(missing), per_minute)}")
        budget.remember(store.load_requests())
        asker = RungAsker(plan.market, quoter, clock, budget, say)
        await asker.measure(missing, per_minute // REQUESTS_PER_RUNG, keep)
        cache = cache_of(plan, {**kept, **fetched}, clock, pair)
        store.replace(cache)
    n_fetched = len(fetched) - before
    n_kept = len(cache["entries"]) - n_fetched
    return RefreshResult(cache_check(cache, store.name), n_fetched, n_kept, budget.n_taken)


def _pair(plan: RefreshPlan, in_place: SwapCostCache | None) -> str:
    """Return what candles call the market: as asked, as its tokens are known, as in place, or "".

    Raises:
        BadInputError: the tokens are known under another name.
    """
    asked, market = plan.market.pair, plan.market
    known = replace(identity_of(market.metadata()), pairs=()).known_pair
    if asked and known and asked != known:
        raise BadInputError(f"pair was {asked}; its asset and quote are those of {known}")
    return asked or known or (in_place.pair if in_place else "")


def _announcement(n_rungs: int, per_minute: int) -> str:
    minutes = -(-n_rungs * REQUESTS_PER_RUNG // per_minute)
    about = "less than a minute" if minutes == 1 else f"about {minutes} min"
    rungs = "1 rung" if n_rungs == 1 else f"{n_rungs} rungs"
    return f"measuring {rungs}, {about} at {per_minute} requests a minute"


def _in_place(store: SwapCostStore, plan: RefreshPlan) -> SwapCostCache | None:
    """Return the cache that is there, None for none and for one the plan says to replace."""
    try:
        cache = swap_costs_get(store=store)
    except BadInputError as error:
        if plan.is_forced:
            return None
        raise BadInputError(f"{error}; move it away, or replace it with --force") from error
    if cache is None:
        return None
    if cache.identity.is_simulated:
        return None  # nothing measured is lost
    differences = plan.market.differences(cache.metadata)
    if not differences:
        return cache
    if plan.is_forced:
        return None
    n_rungs = len(cache.entries)
    raise BadInputError(
        f"swap costs {cache.name!r} are of another market: {'; '.join(differences)}; a refresh "
        f"would throw away {'its only rung' if n_rungs == 1 else f'all {n_rungs} rungs'}: copy "
        "the file if they are still needed, then give --force"
    )


def _kept(
    cache: SwapCostCache | None, wanted: Sequence[int], plan: RefreshPlan, clock: Clock
) -> dict[str, Any]:
    """Return the rungs that stay as they are: young ones, and those nobody asked to measure."""
    if cache is None:
        return {}
    asked = {str(rung) for rung in wanted}
    young = {} if plan.is_forced else _young(cache, plan, clock)
    entries = {_plain(rung): entry for rung, entry in cache.entries.items()}
    return {rung: e for rung, e in entries.items() if rung not in asked or rung in young}


def _resumed(store: SwapCostStore, plan: RefreshPlan, clock: Clock, say: Say) -> dict[str, Any]:
    """Return what an interrupted refresh of the plan's market measured."""
    raw = store.load_unfinished()
    if raw is None:
        return {}
    try:
        unfinished = cache_check(raw, f"{store.name} (unfinished)")
    except BadInputError as error:
        _log.say(SWAP_COSTS_REST_UNUSABLE, why=str(error))
        return {}
    if differences := plan.market.differences(unfinished.metadata):
        say(f"an unfinished refresh is of another market ({'; '.join(differences)}); it is dropped")
        return {}
    return _young(unfinished, plan, clock)


def _young(cache: SwapCostCache, plan: RefreshPlan, clock: Clock) -> dict[str, Any]:
    now, found = clock.now(), {}
    for rung, entry in cache.entries.items():
        moment = moment_of(rung, entry)
        if moment is not None and (now - moment).total_seconds() <= plan.max_age_s:
            found[_plain(rung)] = entry
    return found


def _plain(rung: str) -> str:
    # A file written by hand may say 5000.0, which is the rung this program calls 5000.
    number = float(rung)
    return str(int(number)) if number.is_integer() else rung


async def swap_costs_ready(
    *, store: SwapCostStore, refresh: Callable[[], Awaitable[RefreshResult]]
) -> SwapCostCache:
    """Return the desk's cache, measuring it first when there is none.

    Raises:
        BadInputError: the file is not a swap-cost cache.
        VenueError: there is none and it cannot be measured now.
    """
    cache = swap_costs_get(store=store)
    return (await refresh()).cache if cache is None else cache
