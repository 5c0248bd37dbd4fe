"""Say what a study should know about its swap costs: their age, their market, and how far they go.

Costs of another market are used when an operator says so, and those of the largest rung for all
beyond it; that they are is said once, kept with the study and shown wherever its results are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.ports.clock import Clock
from trading.services.swap_costs.cache import SwapCostCache


@dataclass(frozen=True, slots=True)
class CostsUsed:
    """The swap costs of a study, besides the numbers.

    Attributes:
        path: of the cache.
        pair: what they were measured on, empty when the cache does not say.
        measured_at: when the oldest rung was, None when the cache does not say.
        compared: what came of comparing the pair with that of the candles.
        warnings: what a person has to know before believing results, in sentences.
    """

    path: str
    pair: str
    measured_at: datetime | None
    compared: str
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, as the study keeps them."""
        return {
            "path": self.path,
            "pair": self.pair,
            "measured_at": None if self.measured_at is None else self.measured_at.isoformat(),
            "compared": self.compared,
            "warnings": list(self.warnings),
        }


def costs_used(cache: SwapCostCache, *, pair: str, trade_size: Decimal, clock: Clock) -> CostsUsed:
    """Return what is to be known of a cache before it is used.

    Args:
        cache: the costs.
        pair: of the candles, empty when it is not known.
        trade_size: cash at the start, the first notional there will be.
        clock: tells the time.
    """
    candles, warnings = pair.upper().replace("-", "/"), []
    if not candles:
        compared = "not compared: the candles do not say of which pair they are"
    elif not cache.pair:
        compared = f"not compared with {candles}: the cache does not say of which pair it is"
    elif cache.pair == candles:
        compared = f"measured on {cache.pair}, the pair of the candles"
    else:
        compared = f"measured on {cache.pair}, not on {candles}, the pair of the candles"
        warnings.append(
            f"swap costs {cache.name!r} were measured on {cache.pair}, the candles are of "
            f"{candles}: every fill pays what a swap of {cache.pair} loses; give the swap costs "
            f"of {candles}, or read the results as an assumption"
        )
    if old := cache.warning(clock):
        warnings.append(old)
    if beyond := _beyond(cache, trade_size):
        warnings.append(beyond)
    return CostsUsed(cache.name, cache.pair, cache.measured_at, compared, tuple(warnings))


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
