"""How much of a profit is set aside, and when it pays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trading.base.domain.currencies import check_amounts, check_code
from trading.base.domain.settings import check_ranges, setting


class FeePolicy(StrEnum):
    """What "estimated fees" means in the savings guard."""

    PLAN_NOTIONAL_GUESS = "plan_notional_guess"  # 0.65 % of exit notional, as the client's plan
    ACTUAL_TRADE_FEES = "actual_trade_fees"  # fees, slippage and gas of the round trip
    TRANSFER_COST = "transfer_cost"  # cost of moving the slice itself


@dataclass(frozen=True, slots=True)
class SavingsPolicy:
    """The 15 % discipline."""

    ratio: Decimal = setting(Decimal("0.15"), "Share of each realised profit", "ratio", 0, 0.5)
    fee_guard: Decimal = setting(
        Decimal("1.89"), "The slice must be at least this many times the fees", "factor", 0, 100
    )
    fee_policy: FeePolicy = setting(
        FeePolicy.PLAN_NOTIONAL_GUESS, "What the guard means by estimated fees"
    )
    plan_fee_ratio: Decimal = setting(
        Decimal("0.0065"), "Plan's guess: 0.15 % gas and 0.5 % tax of exit notional", "ratio", 0, 1
    )
    transfer_fixed: Decimal = setting(
        Decimal("0.10"),
        "Fixed cost of moving a slice (transfer_cost policy); scaled to the quote",
        "dollars",
        0,
        1000,
    )
    transfer_fixed_by_quote: dict[str, Decimal] = setting(
        dict, "The same where a quote currency has a cost of its own"
    )
    transfer_bps: Decimal = setting(
        Decimal("10"),
        "Proportional cost of moving a slice (transfer_cost policy)",
        "bps",
        0,
        10_000,
    )
    dust: Decimal = setting(
        Decimal("0.01"), "Slices below this are dust; scaled to the quote", "dollars", 0, 1000
    )
    dust_by_quote: dict[str, Decimal] = setting(
        dict, "The same where a quote currency has a limit of its own"
    )
    token: str = setting("USDC", "Stable coin for savings from pairs that have none themselves")
    min_closes: int = setting(
        16, "Closed round trips before the desk counts as healthy", "round trips", 0, 10_000
    )
    window: int = setting(
        128, "Round trips the health verdict looks back on", "round trips", 1, 10_000
    )
    score_min: float = setting(0.15, "Least equilibrium score", "ratio", 0, 1)

    def __post_init__(self) -> None:
        check_ranges(self)
        check_amounts("transfer_fixed_by_quote", self.transfer_fixed_by_quote)
        check_amounts("dust_by_quote", self.dust_by_quote)
        check_code("token", self.token)
        if self.min_closes > self.window:
            raise ValueError(
                f"min_closes was {self.min_closes}; expected at most window {self.window}"
            )
