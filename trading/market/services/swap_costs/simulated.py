"""A small cost schedule for simulated candles, made up and labelled so: nobody measured it.

A pool that keeps the product of its two sides and takes a fee loses, on buying for ``x`` and
selling at once, about two fees and twice ``x`` over the quote it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from trading.base.ports.clock import Clock
from trading.market.domain.instruments import Pair
from trading.market.ports.quotes import SwapCostStore
from trading.market.services.swap_costs.cache import SwapCostCache, cache_check, swap_costs_get
from trading.market.services.swap_costs.identity import SIMULATED

POOL_FEE: Final = 0.003  # of the amount, each way
POOL_DEPTH: Final = 2_000_000  # quote currency on one side
GAS: Final = 0.2  # quote currency a swap
RUNGS: Final = (1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)  # quote currency


def simulated_costs_put(
    *, store: SwapCostStore, pairs: Sequence[str], clock: Clock
) -> SwapCostCache:
    """Return the desk's costs; where none are stored, or simulated ones, write those of ``pairs``.

    Args:
        store: the desk's cache.
        pairs: simulated ones, ``BASE/QUOTE``; those of an earlier simulation stay covered.
        clock: dates the rungs.

    Raises:
        BadInputError: a pair is malformed, or the file in place is no swap-cost cache.
    """
    with store.lock():
        in_place = swap_costs_get(store=store)
        if in_place is not None and not in_place.identity.is_simulated:
            return in_place
        before = in_place.identity.pairs if in_place else ()
        every = sorted({*before, *(str(Pair.parse(pair)) for pair in pairs)})
        raw = _cache(every, clock.now().isoformat())
        store.replace(raw)
    return cache_check(raw, store.name)


def _cache(pairs: Sequence[str], moment: str) -> dict[str, Any]:
    return {
        "metadata": {"source": SIMULATED, "pairs": list(pairs), "generated_at": moment},
        "entries": {
            str(rung): {
                "notional_dai": str(rung),
                "buy": {"gas_use_estimate_usd": GAS},
                "sell": {"gas_use_estimate_usd": GAS},
                "derived": {"loss_rate": f"{_loss_rate(rung):.6f}"},
                "generated_at": moment,
            }
            for rung in RUNGS
        },
    }


def _loss_rate(notional: float) -> float:
    return 2 * (POOL_FEE + notional / POOL_DEPTH)
