"""Say what a study should know about its swap costs: their age, their market, and how far they go.

Costs of another market are used only when an operator says so, and those of the largest rung for
all beyond it; that they are is said once, kept with the study and shown wherever its results are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.base.ports.clock import Clock
from trading.market.services.swap_costs.cache import SwapCostCache
from trading.market.services.swap_costs.identity import CostsMismatchError


@dataclass(frozen=True, slots=True)
class CostsUsed:
    """The swap costs of a study, besides the numbers.

    Attributes:
        path: of the cache.
        pair: what they were measured on, empty when the cache does not say.
        of: the same with chain and tokens, as far as it says.
        measured_at: when the oldest rung was, None when the cache does not say.
        compared: what came of comparing the pair with that of the candles.
        warnings: what a person has to know before believing results, in sentences.
    """

    path: str
    pair: str
    of: str
    measured_at: datetime | None
    compared: str
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, as the study keeps them."""
        return {
            "path": self.path,
            "pair": self.pair,
            "of": self.of,
            "measured_at": None if self.measured_at is None else self.measured_at.isoformat(),
            "compared": self.compared,
            "warnings": list(self.warnings),
        }


def costs_used(
    cache: SwapCostCache,
    *,
    venue: str,
    pair: str,
    trade_size: Decimal,
    is_forced: bool,
    clock: Clock,
) -> CostsUsed:
    """Return what is to be known of a cache before it is used.

    Args:
        cache: the costs.
        venue: of the candles, empty when it is not known.
        pair: likewise.
        trade_size: cash at the start, the first notional there will be.
        is_forced: costs of another market are wanted all the same.
        clock: tells the time.

    Raises:
        CostsMismatchError: the costs are of another token, chain or direction, and nobody said
            that they are wanted all the same.
    """
    candles = pair.upper().replace("-", "/")
    differences = cache.identity.differences(venue, candles)
    compared, doubt = _compared(cache, venue, candles, differences)
    if differences and not is_forced:
        raise CostsMismatchError(
            f"swap costs {cache.name!r} are of another market than the candles: "
            f"{'; '.join(differences)}; give those of {candles or venue}, or say that these are "
            "wanted as an assumption (--force)"
        )
    warnings = [doubt, cache.warning(clock), _beyond(cache, trade_size)]
    return CostsUsed(
        cache.name,
        cache.pair,
        str(cache.identity),
        cache.measured_at,
        compared,
        tuple(filter(None, warnings)),
    )


def _compared(
    cache: SwapCostCache, venue: str, candles: str, differences: tuple[str, ...]
) -> tuple[str, str]:
    """Return what came of comparing costs and candles, and what a person has to know of it."""
    of = cache.identity
    if differences or (candles and cache.pair and candles not in cache.pair.split(", ")):
        return (
            f"measured on {of}, not on {candles}, the pair of the candles",
            f"swap costs {cache.name!r} were measured on {of}, the candles are of {candles} on "
            f"{venue or 'a venue they do not name'}: every fill pays what a swap there loses; give "
            f"the swap costs of {candles}, or read the results as an assumption",
        )
    if not candles:
        why = "the candles do not say of which pair they are"
    elif not cache.pair:
        why = "the cache does not say of which pair it is"
    else:
        return f"measured on {of}, the pair of the candles", ""
    return (
        f"not compared: {why}",
        f"swap costs {cache.name!r} are of {of} and were not compared with the candles: {why}",
    )


def _beyond(cache: SwapCostCache, trade_size: Decimal) -> str:
    """Return what to say of a size that no rung was measured for; empty when one was."""
    last = Decimal(repr(float(cache.schedule.notional[-1])))
    if trade_size <= last:
        return ""
    size, rung = (f"{value.normalize():,f}" for value in (trade_size, last))
    return (
        f"trade size {size} is beyond the largest rung of swap costs {cache.name!r}, {rung}: what "
        f"such swaps lose was never measured; they, and whatever the account grows to beyond it, "
        f"pay the loss rate of {rung}"
    )
