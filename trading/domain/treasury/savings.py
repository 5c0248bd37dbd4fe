"""Decide how much of a realised profit is set aside, and say why when it is nothing.

The client's rule: 15 % of each profit is saved, but only when that slice is at least 1.89 times
the estimated fees and the desk is in equilibrium. The plan estimates fees as 0.65 % of what was
sold, so a profit below 1.89 x 0.65 % / 15 % = 8.19 % of that never passes. The guess is kept as the
default and its break-even is reported with every decision; two other fee policies stand beside it.

Source: client plan 0 ("Enforce the 15 % savings checkpoint"), desk specification 6.4 and R8.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Final

from trading.domain.errors import InvariantError
from trading.domain.execution.money import (
    BPS,
    PERCENT,
    ZERO,
    canonical,
    check_not_negative,
    check_positive,
    exact,
)
from trading.domain.policy import FeePolicy, SavingsPolicy
from trading.domain.treasury.equilibrium import EquilibriumVerdict

CENT: Final = Decimal("0.01")


class SkipReason(StrEnum):
    """Why nothing was set aside; the first that applies, in this order."""

    NOT_PROFITABLE = "not_profitable"
    NOT_HEALTHY = "not_healthy"
    CHECKPOINT_BELOW_FEE_BUFFER = "checkpoint_below_fee_buffer"
    BELOW_DUST = "below_dust"
    TOKEN_UNAVAILABLE = "token_unavailable"  # noqa: S105 - a coin, not a secret


SKIP_TEXT: Final[dict[SkipReason, str]] = {
    SkipReason.NOT_PROFITABLE: "the round trip earned nothing",
    SkipReason.NOT_HEALTHY: "the desk is not in equilibrium",
    SkipReason.CHECKPOINT_BELOW_FEE_BUFFER: "the slice is below the fee guard",
    SkipReason.BELOW_DUST: "the slice is too small to keep",
    SkipReason.TOKEN_UNAVAILABLE: "the savings token is not available",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsDecision:
    """One evaluated profit, with everything it was judged by; amounts are quote currency.

    Attributes:
        skip_reason: None exactly when accepted.
        candidate: ratio times profit, rounded down to what the quote can be paid in.
        reserved: the candidate when accepted, else 0.
        required_min: the least slice that passes, fees times guard.
        score: the equilibrium score. is_healthy: the verdict.
        blockers: why it is not healthy, as sentences.
        break_even_pct: net profit, in % of what was sold, from which a slice passes the guard;
            None when none does.
        passing_profit: the least profit that would have passed guard and dust, None when none does.
    """

    is_accepted: bool
    skip_reason: SkipReason | None
    token: str
    profit: Decimal
    candidate: Decimal
    reserved: Decimal
    estimated_fees: Decimal
    required_min: Decimal
    ratio: Decimal
    fee_guard: Decimal
    fee_policy: FeePolicy
    score: float
    is_healthy: bool
    blockers: tuple[str, ...]
    break_even_pct: float | None
    passing_profit: Decimal | None


def decide_savings(  # noqa: PLR0913 - every fact the rule weighs, named at the call
    *,
    profit: Decimal,
    exit_notional: Decimal,
    actual_fees: Decimal,
    verdict: EquilibriumVerdict,
    policy: SavingsPolicy,
    is_token_available: bool = True,
    quantum: Decimal = CENT,
) -> SavingsDecision:
    """Return what is set aside of one closed position's profit, or why nothing is.

    Args:
        profit: realised, net of fees, quote; may be negative.
        exit_notional: what was sold, quote.
        actual_fees: what the round trip really cost, quote: fees, gas and slippage.
        verdict: whether the desk is healthy.
        policy: ratio, guard and fee policy in force.
        is_token_available: whether the savings token can be had now.
        quantum: smallest amount of the quote worth paying, such as 0.01 or 0.00000001.

    Raises:
        InvariantError: an amount is not finite, or one that cannot be negative is.
    """
    check_positive("exit notional", exit_notional)
    check_not_negative("actual fees", actual_fees)
    with exact():
        candidate = _candidate(profit, policy, quantum)
        fees = estimate_fees(policy, exit_notional, actual_fees, candidate)
        required = canonical(fees * policy.fee_guard, ROUND_CEILING)
        reason = _skip_reason(
            profit, candidate, required, verdict.is_healthy, policy, is_token_available
        )
        passing = _passing_profit(policy, exit_notional, actual_fees, quantum)
    return SavingsDecision(
        is_accepted=reason is None,
        skip_reason=reason,
        token=policy.token,
        profit=canonical(profit),
        candidate=candidate,
        reserved=candidate if reason is None else ZERO,
        estimated_fees=fees,
        required_min=required,
        ratio=policy.ratio,
        fee_guard=policy.fee_guard,
        fee_policy=policy.fee_policy,
        score=verdict.score,
        is_healthy=verdict.is_healthy,
        blockers=verdict.blockers,
        break_even_pct=break_even_pct(policy, exit_notional=exit_notional, actual_fees=actual_fees),
        passing_profit=passing,
    )


def _candidate(profit: Decimal, policy: SavingsPolicy, quantum: Decimal) -> Decimal:
    if not profit.is_finite():
        raise InvariantError(f"profit was {profit}; expected a finite amount")
    check_positive("quantum", quantum)
    slice_ = max(profit, ZERO) * policy.ratio
    return canonical((slice_ / quantum).to_integral_value(ROUND_DOWN) * quantum)


def estimate_fees(
    policy: SavingsPolicy, exit_notional: Decimal, actual_fees: Decimal, candidate: Decimal
) -> Decimal:
    """Return what the fee policy takes as the fees of setting ``candidate`` aside, quote."""
    with exact():
        if policy.fee_policy is FeePolicy.PLAN_NOTIONAL_GUESS:
            return canonical(exit_notional * policy.plan_fee_ratio)
        if policy.fee_policy is FeePolicy.ACTUAL_TRADE_FEES:
            return canonical(actual_fees)
        return canonical(policy.transfer_fixed + candidate * policy.transfer_bps / BPS)


def break_even_pct(
    policy: SavingsPolicy,
    *,
    exit_notional: Decimal | None = None,
    actual_fees: Decimal | None = None,
) -> float | None:
    """Return the net profit, in % of what was sold, from which a slice passes the fee guard.

    With the plan's guess it is one number for every trade (8.19 for the default policy); the other
    fee policies need the trade. None when it is unknown, or when no profit ever passes.
    """
    if policy.fee_policy is FeePolicy.PLAN_NOTIONAL_GUESS and exit_notional is None:
        exit_notional = actual_fees = PERCENT  # any: it cancels out
    if exit_notional is None or actual_fees is None or policy.ratio == 0:
        return None
    with exact():
        least = _least_slice(policy, exit_notional, actual_fees)
        if least is None:
            return None
        return float(least / policy.ratio / exit_notional * PERCENT)


def _least_slice(
    policy: SavingsPolicy, exit_notional: Decimal, actual_fees: Decimal
) -> Decimal | None:
    """Solve slice = guard x fees(slice), unrounded; only transfer fees depend on the slice."""
    at_zero = estimate_fees(policy, exit_notional, actual_fees, ZERO) * policy.fee_guard
    if policy.fee_policy is not FeePolicy.TRANSFER_COST:
        return at_zero
    left = 1 - policy.fee_guard * policy.transfer_bps / BPS
    return at_zero / left if left > 0 else None


def _passing_profit(
    policy: SavingsPolicy, exit_notional: Decimal, actual_fees: Decimal, quantum: Decimal
) -> Decimal | None:
    least = _least_slice(policy, exit_notional, actual_fees)
    if least is None or policy.ratio == 0:
        return None
    wanted = max(least, policy.dust, quantum)
    payable = (wanted / quantum).to_integral_value(ROUND_CEILING) * quantum
    return canonical(payable / policy.ratio, ROUND_CEILING)


def _skip_reason(
    profit: Decimal,
    candidate: Decimal,
    required: Decimal,
    is_healthy: bool,
    policy: SavingsPolicy,
    is_token_available: bool,
) -> SkipReason | None:
    checks = (
        (profit > 0, SkipReason.NOT_PROFITABLE),
        (is_healthy, SkipReason.NOT_HEALTHY),
        (candidate >= required, SkipReason.CHECKPOINT_BELOW_FEE_BUFFER),
        (candidate > 0 and candidate >= policy.dust, SkipReason.BELOW_DUST),
        (is_token_available, SkipReason.TOKEN_UNAVAILABLE),
    )
    return next((reason for is_met, reason in checks if not is_met), None)
