"""Build what reads, keeps and measures swap costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from django.conf import settings

from trading.base.adapters.atomic import write_atomic
from trading.base.adapters.system_clock import SystemClock
from trading.base.domain.errors import VenueError
from trading.market.adapters.quotes_file import SwapCostFile
from trading.market.domain.costs import SwapCostSchedule
from trading.market.ports.quotes import RouterMarket, SwapCostStore, SwapQuoter
from trading.market.services.swap_costs import simulated
from trading.market.services.swap_costs.asking import Say
from trading.market.services.swap_costs.cache import (
    SwapCostCache,
    swap_cost_entries_get,
    swap_costs_read,
    swap_costs_require,
)
from trading.market.services.swap_costs.identity import CostEntries
from trading.market.services.swap_costs.market import AGGREGATOR_ENDPOINT, SwapMarket
from trading.market.services.swap_costs.refresh import (
    Progress,
    RefreshPlan,
    RefreshResult,
    swap_costs_ready,
    swap_costs_refresh,
)

SWAP_COST_FILE: Final = "swap_cost_cache.json"

ProgressBar = Callable[[int], AbstractContextManager[Progress]]


def swap_cost_store(path: Path | None = None) -> SwapCostStore:
    """Return the desk's one swap-cost cache, or another file of the kind."""
    path = path or settings.DATA_DIR / SWAP_COST_FILE
    return SwapCostFile(path, write_atomic=write_atomic)


def swap_costs_named(path: Path | None = None) -> SwapCostCache:
    """Return the cache of a file a person names, the desk's for None; nothing is logged.

    Raises:
        BadInputError: there is no such file, or it is not a swap-cost cache.
    """
    return swap_costs_require(store=swap_cost_store(path))


def swap_costs_file(path: Path) -> SwapCostSchedule:
    """Return the swap costs of a file a person names; an old one is logged.

    Raises:
        BadInputError: there is no such file, or it is not a swap-cost cache.
    """
    return swap_costs_read(store=swap_cost_store(path), clock=SystemClock()).schedule


def simulated_costs_put(pairs: Sequence[str]) -> SwapCostCache:
    """Return the desk's costs, made up for simulated ``pairs`` where none were measured.

    Raises:
        BadInputError: a pair is malformed, or the file in place is no swap-cost cache.
    """
    return simulated.simulated_costs_put(store=swap_cost_store(), pairs=pairs, clock=SystemClock())


def swap_cost_entries() -> CostEntries | None:
    """Return the rungs of the swap-cost cache in the data folder, None when there is none.

    Raises:
        BadInputError: the file cannot be read as the cache.
    """
    return swap_cost_entries_get(store=swap_cost_store(), clock=SystemClock())


def aggregator_quoter(market: SwapMarket, *, endpoint: str = AGGREGATOR_ENDPOINT) -> SwapQuoter:
    """Return the aggregator's HTTP quote API.

    Raises:
        BadInputError: the endpoint is no address.
    """
    # only a refresh asks, and the client takes 70 ms to import
    from trading.market.adapters.quotes_http import HttpQuoter

    return HttpQuoter(endpoint, chain_id=market.chain_id)


def router_quoter(node_url: str, addresses: RouterMarket) -> SwapQuoter:
    """Return a V2 router asked through a node of its chain.

    Raises:
        BadInputError: an address is malformed.
    """
    # web3 alone takes a second to import, so only those who need it pay
    from trading.market.adapters.quotes_router import RouterQuoter, node_connect

    return RouterQuoter(node_connect(node_url), addresses)


def no_bar(_n_rungs: int) -> AbstractContextManager[Progress]:
    """Show nothing."""
    return nullcontext(lambda _n_done: None)


def swap_costs_measured(
    *,
    say: Say = lambda _line: None,
    bar: ProgressBar = no_bar,
    quoter_of: Callable[[SwapMarket], SwapQuoter] = aggregator_quoter,
) -> SwapCostCache:
    """Return the desk's swap costs, measured through the aggregator first when there are none.

    Args:
        say: takes a line for a person: that they are measured and how long that takes.
        bar: shows how many rungs are there, given how many there will be.
        quoter_of: who is asked about a market.

    Raises:
        BadInputError: the file in the data folder is not a swap-cost cache.
        VenueError: there is no file and the costs cannot be measured now.
    """
    store, plan = swap_cost_store(), RefreshPlan()

    async def refresh() -> RefreshResult:
        quoter = quoter_of(plan.market)
        try:
            with bar(len(plan.rungs)) as progress:
                return await swap_costs_refresh(
                    store=store,
                    quoter=quoter,
                    clock=SystemClock(),
                    plan=plan,
                    progress=progress,
                    say=say,
                )
        except VenueError:
            say("run it again to go on with the rungs measured so far, or give --swap-costs")
            raise
        finally:
            await quoter.close()

    return asyncio.run(swap_costs_ready(store=store, refresh=refresh))
