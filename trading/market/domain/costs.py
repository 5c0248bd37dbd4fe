"""Say what a fill costs: venue fees and slippage in basis points, or a measured swap schedule.

One cost model serves simulated fills, sizing, the edge gate and the optimizer, so that none of
them can be more hopeful than the others. ``SwapCostSchedule`` holds the numbers measured on chain
as plain arrays, which the optimizer's kernels read directly.

Sources: platform specification 1.5 (fees), optimizer specification 1 (swap-cost model, verified
against the original).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, NamedTuple, Protocol

import numpy as np

from trading.base.domain.errors import BadInputError, InvariantError
from trading.base.domain.money import BPS, ZERO, canonical, check_positive, exact
from trading.base.domain.numbers import real_number
from trading.base.domain.side import Side
from trading.market.domain.bars import FloatArray, to_decimal


class FillCosts(NamedTuple):
    """Quote currency each; ``slippage`` is already in the fill price, the others are not."""

    fee: Decimal
    slippage: Decimal
    gas: Decimal

    @property
    def on_top(self) -> Decimal:
        """Return what is paid besides the notional."""
        return self.fee + self.gas


class StatedFees(Protocol):
    """What a fill is assumed to cost, in bps; the execution policy of a desk states it."""

    @property
    def taker_fee_bps(self) -> float:
        """Return the venue's fee of a market fill."""
        ...

    @property
    def maker_fee_bps(self) -> float:
        """Return the venue's fee of a resting limit fill."""
        ...

    @property
    def slippage_bps(self) -> float:
        """Return the assumed slippage of a market fill."""
        ...


class CostModel(Protocol):
    """What trading a pair costs; amounts are quote currency, prices quote per base.

    ``is_pool`` says that fills are swaps against a pool: there is neither tick nor lot nor a share
    of a bar's volume to keep to, because the costs already hold the price impact of the amount.
    """

    @property
    def is_pool(self) -> bool:
        """Return True when fills are swaps against a pool."""
        ...

    def fill_price(self, reference: Decimal, side: Side, is_maker: bool) -> Decimal:
        """Return the price a fill gets when the market stands at ``reference``."""
        ...

    def fill_costs(self, notional: Decimal, side: Side, is_maker: bool) -> FillCosts:
        """Return the costs of one fill of ``notional``."""
        ...

    def round_trip_bps(self, notional: Decimal) -> float:
        """Return the cost of buying and selling ``notional`` at once, in bps of it."""
        ...


@dataclass(frozen=True, slots=True)
class VenueCosts:
    """Proportional fees and slippage of an order book; ratios, not bps."""

    taker_fee: Decimal
    maker_fee: Decimal
    slippage: Decimal
    is_pool: ClassVar[bool] = False

    @classmethod
    def from_policy(cls, policy: StatedFees) -> VenueCosts:
        """Return the costs the policy states."""
        with exact():
            return cls(
                taker_fee=canonical(to_decimal(policy.taker_fee_bps) / BPS),
                maker_fee=canonical(to_decimal(policy.maker_fee_bps) / BPS),
                slippage=canonical(to_decimal(policy.slippage_bps) / BPS),
            )

    def fill_price(self, reference: Decimal, side: Side, is_maker: bool) -> Decimal:
        """Return the reference moved against the order by the slippage; makers get it as it is."""
        check_positive("reference price", reference)
        if is_maker:
            return reference
        slip = self.slippage if side is Side.BUY else -self.slippage
        with exact():
            return canonical(reference * (1 + slip))

    def fill_costs(self, notional: Decimal, side: Side, is_maker: bool) -> FillCosts:
        """Return fee and slippage of a fill whose price already carries the slippage."""
        fee = self.maker_fee if is_maker else self.taker_fee
        with exact():
            if is_maker:
                slipped = ZERO
            elif side is Side.BUY:
                slipped = notional * self.slippage / (1 + self.slippage)
            else:
                slipped = notional * self.slippage / (1 - self.slippage)
            return FillCosts(canonical(notional * fee), canonical(slipped), ZERO)

    def round_trip_bps(self, notional: Decimal) -> float:
        """Return what the dearest way costs: two taker fees and slippages, or two maker fees."""
        with exact():
            return float(2 * max(self.taker_fee + self.slippage, self.maker_fee) * BPS)


@dataclass(frozen=True, slots=True, eq=False)
class SwapCostSchedule:
    """Measured swap costs by notional, float64[m] each, rungs strictly growing, read-only.

    Attributes:
        notional: quote, the rungs.
        loss_rate: fraction lost by buying and selling at once at that notional.
        buy_gas: quote. sell_gas: quote.
    """

    notional: FloatArray
    loss_rate: FloatArray
    buy_gas: FloatArray
    sell_gas: FloatArray

    def __post_init__(self) -> None:
        shape = self.notional.shape
        columns = (self.notional, self.loss_rate, self.buy_gas, self.sell_gas)
        if len(shape) != 1 or shape[0] == 0 or any(column.shape != shape for column in columns):
            raise InvariantError(f"schedule columns were {[column.shape for column in columns]}")
        if not np.all(np.diff(self.notional) > 0):
            raise InvariantError("schedule rungs must grow strictly")
        for column in columns:
            column.setflags(write=False)

    @classmethod
    def from_entries(cls, entries: Mapping[str, Any]) -> SwapCostSchedule:
        """Return the schedule written in the ``entries`` of a swap-cost cache.

        Args:
            entries: by rung notional as text; of each entry ``derived.loss_rate``,
                ``buy.gas_use_estimate_usd`` and ``sell.gas_use_estimate_usd`` are read, numbers
                or text.

        Raises:
            BadInputError: no entry, a field is missing or not a number in its range, or two
                entries name one rung.
        """
        if not entries:
            raise BadInputError("swap costs hold no entries; refresh them with swap_costs refresh")
        rows = sorted(_entry_row(rung, entry) for rung, entry in entries.items())
        columns = np.array(rows, dtype=np.float64).T
        repeated = np.flatnonzero(np.diff(columns[0]) == 0)
        if repeated.size:
            raise BadInputError(f"swap costs name rung {columns[0, repeated[0]]:g} twice")
        return cls(*(np.ascontiguousarray(column) for column in columns))

    def rung(self, notional: float) -> int:
        """Return the index of the smallest rung >= ``notional``, of the largest beyond the end."""
        return min(int(np.searchsorted(self.notional, notional)), len(self.notional) - 1)

    def cost(self, notional: float, side: Side) -> float:
        """Return half the round-trip loss on ``notional`` plus that side's gas, quote."""
        i = self.rung(notional)
        gas = self.buy_gas if side is Side.BUY else self.sell_gas
        return float(notional * self.loss_rate[i] / 2 + gas[i])


def _entry_row(rung: str, entry: object) -> tuple[float, float, float, float]:
    return (
        _number(rung, rung, "notional", low=math.ulp(0.0), high=math.inf),
        _field(rung, entry, "derived", "loss_rate", high=1.0),
        _field(rung, entry, "buy", "gas_use_estimate_usd"),
        _field(rung, entry, "sell", "gas_use_estimate_usd"),
    )


def _field(rung: str, entry: object, part: str, name: str, high: float = math.inf) -> float:
    section = entry.get(part) if isinstance(entry, Mapping) else None
    if not isinstance(section, Mapping) or name not in section:
        raise BadInputError(f"swap cost entry {rung!r} has no {part}.{name}")
    return _number(rung, section[name], f"{part}.{name}", low=0.0, high=high)


def _number(rung: str, value: object, name: str, *, low: float, high: float) -> float:
    number = math.nan
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = real_number(value) if isinstance(value, str) else float(value)
        except (ValueError, OverflowError):
            number = math.nan  # refused below, with the text itself
    if not (math.isfinite(number) and low <= number <= high):
        bounds = f"{max(low, 0):g} to {high:g}" if math.isfinite(high) else "0 or more"
        if low > 0:
            bounds = "above 0"
        raise BadInputError(
            f"swap cost entry {rung!r}: {name} was {value!r}; expected a number {bounds}"
        )
    return number


class SwapCosts:
    """The schedule as a cost model: fills at the reference price, the loss charged as a fee."""

    __slots__ = ("_rows", "schedule")
    is_pool: Final = True

    def __init__(self, schedule: SwapCostSchedule) -> None:
        self.schedule = schedule
        self._rows = tuple(
            tuple(to_decimal(value) for value in row)
            for row in zip(
                schedule.notional.tolist(),
                schedule.loss_rate.tolist(),
                schedule.buy_gas.tolist(),
                schedule.sell_gas.tolist(),
                strict=True,
            )
        )

    def fill_price(self, reference: Decimal, side: Side, is_maker: bool) -> Decimal:
        """Return the reference: pool fee and price impact are in the loss rate."""
        check_positive("reference price", reference)
        return reference

    def fill_costs(self, notional: Decimal, side: Side, is_maker: bool) -> FillCosts:
        """Return half the round-trip loss as the fee and the side's gas."""
        rows = self._rows
        row = next((row for row in rows if notional <= row[0]), rows[-1])
        gas = row[2] if side is Side.BUY else row[3]
        with exact():
            return FillCosts(canonical(notional * row[1] / 2), ZERO, canonical(gas))

    def round_trip_bps(self, notional: Decimal) -> float:
        """Return loss and gas of both sides in bps, NaN for a notional that is not positive.

        Gas does not shrink with the notional, so small ones are dear and none has no price at all.
        """
        if not notional > 0:
            return math.nan
        with exact():
            cost = sum(
                (self.fill_costs(notional, side, is_maker=False).on_top for side in Side), ZERO
            )
            return float(cost / notional * BPS)
