"""Measure the rungs that are missing or old, politely, and go on where an interruption left off.

Rungs are measured a few at a time, each with two requests; every finished one is kept on disk
beside the cache at once, and only a complete set replaces the cache, so that readers never see
half a refresh.

Source: reference specification of the optimizer, section 1, fetcher.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import stamina
import structlog

from trading.domain.errors import BadInputError, RateLimitedError, VenueUnavailableError
from trading.ports.clock import Clock
from trading.ports.quotes import SwapCostStore, SwapQuote, SwapQuoter, Token
from trading.services.swap_costs.budget import RequestBudget
from trading.services.swap_costs.cache import (
    MAX_AGE_S,
    SwapCostCache,
    cache_check,
    log_age,
    moment_of,
    swap_costs_get,
)
from trading.services.swap_costs.market import PDAI_DAI, SwapMarket, rungs_of
from trading.services.swap_costs.rungs import rung_entry

TRIES: Final = 5
WAIT_FIRST_S: Final = 1.5
WAIT_MAX_S: Final = 8.0
REQUESTS_PER_RUNG: Final = 2

Progress = Callable[[int], None]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RefreshPlan:
    """What to measure and how hard to ask.

    Attributes:
        step: distance of the rungs, quote currency.
        max_notional: the largest notional wanted, rounded up to a rung, quote currency.
        requests_per_minute: in any 60 seconds, retries included.
        max_age_s: rungs younger than this are kept.
        is_forced: measure the rungs of the cache again however young; what an interrupted refresh
            measured is still kept.
    """

    market: SwapMarket = PDAI_DAI
    step: int = 5_000
    max_notional: int = 100_000
    requests_per_minute: int = 8
    max_age_s: float = MAX_AGE_S
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What a refresh did; ``n_requests`` counts retries."""

    cache: SwapCostCache
    n_fetched: int
    n_kept: int
    n_requests: int


class _Fetch:
    """One running refresh: asks within the budget and keeps every finished rung."""

    def __init__(
        self, plan: RefreshPlan, store: SwapCostStore, quoter: SwapQuoter, clock: Clock
    ) -> None:
        self._plan = plan
        self._store = store
        self._quoter = quoter
        self._clock = clock
        self.budget = RequestBudget(clock=clock, per_minute=plan.requests_per_minute)
        self.entries: dict[str, Any] = {}

    async def rungs(self, missing: Sequence[int], progress: Progress) -> None:
        """Measure ``missing`` a minute's budget at a time; the first failure ends it afterwards."""
        size = self._plan.requests_per_minute // REQUESTS_PER_RUNG
        for start in range(0, len(missing), size):
            batch = missing[start : start + size]
            done = await asyncio.gather(
                *(self._rung(rung, progress) for rung in batch), return_exceptions=True
            )
            failed = [outcome for outcome in done if isinstance(outcome, BaseException)]
            if failed:
                raise failed[0]

    async def _rung(self, notional: int, progress: Progress) -> None:
        market = self._plan.market
        amount = notional * market.quote.unit
        buy = await self._ask(market.quote, market.asset, amount)
        sell = await self._ask(market.asset, market.quote, buy.amount_out)
        entry = rung_entry(market, notional, buy, sell, self._clock.now())
        self.entries[str(notional)] = entry
        self._store.save_unfinished(cache_of(self._plan, self.entries, self._clock))
        progress(len(self.entries))

    async def _ask(self, sell: Token, buy: Token, amount: int) -> SwapQuote:
        async for attempt in stamina.retry_context(
            on=_pause_s,
            attempts=TRIES,
            timeout=None,
            wait_initial=WAIT_FIRST_S,
            wait_max=WAIT_MAX_S,
        ):
            with attempt:
                await self.budget.take()
                return await self._quoter.quote(sell=sell, buy=buy, amount=amount)
        raise AssertionError("stamina ends a retry loop by returning or raising")


def _pause_s(error: Exception) -> bool | float:
    # True means the usual growing pause, a number means exactly that many seconds.
    if isinstance(error, RateLimitedError):
        return error.retry_after_s
    return isinstance(error, VenueUnavailableError)


def cache_of(plan: RefreshPlan, entries: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Return the JSON of a cache, rungs in growing order."""
    return {
        "metadata": {
            **plan.market.metadata(),
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
) -> RefreshResult:
    """Measure what is missing, put the cache in place and return it.

    Args:
        store: where the cache is.
        quoter: whom to ask.
        clock: paces the requests and dates the rungs.
        plan: what is wanted.
        progress: told the rungs measured so far, after each.

    Raises:
        BadInputError: the plan is impossible, or the file in place is not a cache and the plan
            does not say to replace it.
        VenueError: a rung could not be measured; the finished ones are kept for the next refresh.
    """
    wanted = rungs_of(step=plan.step, max_notional=plan.max_notional)
    fetch = _Fetch(plan, store, quoter, clock)
    with store.lock():
        kept = {} if plan.is_forced else _usable(_present(store), plan, clock)
        fetch.entries = _usable(_unfinished(store), plan, clock)
        before = len(fetch.entries)
        missing = [r for r in wanted if str(r) not in kept and str(r) not in fetch.entries]
        await fetch.rungs(missing, progress)
        cache = cache_of(plan, {**kept, **fetch.entries}, clock)
        store.replace(cache)
    n_fetched = len(fetch.entries) - before
    n_kept = len(cache["entries"]) - n_fetched
    checked = cache_check(cache, store.name)
    return RefreshResult(checked, n_fetched, n_kept, fetch.budget.n_taken)


def _present(store: SwapCostStore) -> SwapCostCache | None:
    try:
        return swap_costs_get(store=store)
    except BadInputError as error:
        raise BadInputError(f"{error}; move it away, or replace it with --force") from error


def _unfinished(store: SwapCostStore) -> SwapCostCache | None:
    raw = store.load_unfinished()
    if raw is None:
        return None
    try:
        return cache_check(raw, f"{store.name} (unfinished)")
    except BadInputError as error:
        _log.warning("unfinished refresh unusable, measuring anew", why=str(error))
        return None


def _usable(cache: SwapCostCache | None, plan: RefreshPlan, clock: Clock) -> dict[str, Any]:
    """Return the rungs of the plan's market that are young enough."""
    if cache is None or not plan.market.is_measured_by(cache.metadata):
        return {}
    now, usable = clock.now(), {}
    for rung, entry in cache.entries.items():
        moment = moment_of(rung, entry)
        if moment is not None and (now - moment).total_seconds() <= plan.max_age_s:
            usable[_plain(rung)] = entry
    return usable


def _plain(rung: str) -> str:
    # A file written by hand may say 5000.0, which is the rung this program calls 5000.
    number = float(rung)
    return str(int(number)) if number.is_integer() else rung


async def swap_costs_ready(
    *, store: SwapCostStore, clock: Clock, refresh: Callable[[], Awaitable[RefreshResult]]
) -> SwapCostCache:
    """Return the desk's cache, measuring it first when there is none; an old one is logged.

    Raises:
        BadInputError: the file is not a swap-cost cache.
        VenueError: there is none and it cannot be measured now.
    """
    cache = swap_costs_get(store=store)
    if cache is None:
        return (await refresh()).cache
    log_age(cache, clock)
    return cache
