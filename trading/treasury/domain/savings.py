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

from trading.base.domain.currencies import Currency, amount_in, is_stable
from trading.base.domain.errors import InvariantError
from trading.base.domain.money import (
    BPS,
    PERCENT,
    ZERO,
    canonical,
    check_not_negative,
    check_positive,
    exact,
)
from trading.market.domain.instruments import Pair
from trading.treasury.domain.equilibrium import EquilibriumVerdict
from trading.treasury.domain.policy import FeePolicy, SavingsPolicy


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
    """One evaluated profit, with everything it was judged by.

    Attributes:
        skip_reason: None exactly when accepted.
        token: the stable coin the slice is for.
        quote: what every amount is counted in; the slice stays in it until it is really converted.
        candidate: ratio times profit, rounded down to what the currency can be paid in.
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
    quote: str
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
    currency: Currency,
    token: str,
    is_token_available: bool = True,
) -> SavingsDecision:
    """Return what is set aside of one closed position's profit, or why nothing is.

    Args:
        profit: realised, net of fees, in ``currency`` like every amount; may be negative.
        exit_notional: what was sold.
        actual_fees: what the round trip really cost: fees, gas and slippage.
        verdict: whether the desk is healthy.
        policy: ratio, guard and fee policy in force.
        currency: its unit is the smallest slice, its size what dust and transfers amount to.
        token: see ``savings_token``.
        is_token_available: whether it can be had now.

    Raises:
        InvariantError: an amount is not finite, or one that cannot be negative is.
    """
    trade = _Trade(policy, currency, exit_notional, actual_fees)
    with exact():
        candidate = _candidate(profit, policy, currency.unit)
        fees = trade.estimated_fees(candidate)
        required = canonical(fees * policy.fee_guard, ROUND_CEILING)
        reason = _skip_reason(
            profit, candidate, required, verdict.is_healthy, trade.dust, is_token_available
        )
        passing, break_even = trade.passing_profit(), trade.break_even_pct()
    return SavingsDecision(
        is_accepted=reason is None,
        skip_reason=reason,
        token=token,
        quote=currency.code,
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
        break_even_pct=break_even,
        passing_profit=passing,
    )


def savings_token(pair: Pair, policy: SavingsPolicy) -> str:
    """Return the stable coin a profit on the pair is saved in.

    The money of the pair where it is stable, else its base, else the policy's token.
    """
    return next((code for code in (pair.quote, pair.base) if is_stable(code)), policy.token)


def _candidate(profit: Decimal, policy: SavingsPolicy, unit: Decimal) -> Decimal:
    if not profit.is_finite():
        raise InvariantError(f"profit was {profit}; expected a finite amount")
    slice_ = max(profit, ZERO) * policy.ratio
    return canonical((slice_ / unit).to_integral_value(ROUND_DOWN) * unit)


def guess_break_even_pct(policy: SavingsPolicy) -> float | None:
    """Return the net profit, in % of what was sold, from which a slice passes the fee guard.

    One number for every trade with the plan's guess (8.19 for the default policy); None with the
    other fee policies, where it hangs on the trade, and when no profit ever passes.
    """
    if policy.fee_policy is not FeePolicy.PLAN_NOTIONAL_GUESS or policy.ratio == 0:
        return None
    with exact():
        return float(policy.plan_fee_ratio * policy.fee_guard / policy.ratio * PERCENT)


@dataclass(frozen=True, slots=True)
class _Trade:
    """What the fee guard is computed from; amounts in ``currency``, called within ``exact``."""

    policy: SavingsPolicy
    currency: Currency
    exit_notional: Decimal
    actual_fees: Decimal

    def __post_init__(self) -> None:
        check_positive("exit notional", self.exit_notional)
        check_not_negative("actual fees", self.actual_fees)

    @property
    def dust(self) -> Decimal:
        return amount_in(self.currency, self.policy.dust, self.policy.dust_by_quote)

    def estimated_fees(self, candidate: Decimal) -> Decimal:
        """Return what the fee policy takes as the fees of setting ``candidate`` aside."""
        policy = self.policy
        if policy.fee_policy is FeePolicy.PLAN_NOTIONAL_GUESS:
            return canonical(self.exit_notional * policy.plan_fee_ratio)
        if policy.fee_policy is FeePolicy.ACTUAL_TRADE_FEES:
            return canonical(self.actual_fees)
        fixed = amount_in(self.currency, policy.transfer_fixed, policy.transfer_fixed_by_quote)
        return canonical(fixed + candidate * policy.transfer_bps / BPS)

    def break_even_pct(self) -> float | None:
        least = self._least_slice()
        if least is None or self.policy.ratio == 0:
            return None
        return float(least / self.policy.ratio / self.exit_notional * PERCENT)

    def passing_profit(self) -> Decimal | None:
        least = self._least_slice()
        if least is None or self.policy.ratio == 0:
            return None
        unit = self.currency.unit
        wanted = max(least, self.dust, unit)
        payable = (wanted / unit).to_integral_value(ROUND_CEILING) * unit
        return canonical(payable / self.policy.ratio, ROUND_CEILING)

    def _least_slice(self) -> Decimal | None:
        """Solve slice = guard x fees(slice), unrounded; only transfer fees depend on the slice."""
        at_zero = self.estimated_fees(ZERO) * self.policy.fee_guard
        if self.policy.fee_policy is not FeePolicy.TRANSFER_COST:
            return at_zero
        left = 1 - self.policy.fee_guard * self.policy.transfer_bps / BPS
        return at_zero / left if left > 0 else None


def _skip_reason(
    profit: Decimal,
    candidate: Decimal,
    required: Decimal,
    is_healthy: bool,
    dust: Decimal,
    is_token_available: bool,
) -> SkipReason | None:
    checks = (
        (profit > 0, SkipReason.NOT_PROFITABLE),
        (is_healthy, SkipReason.NOT_HEALTHY),
        (candidate >= required, SkipReason.CHECKPOINT_BELOW_FEE_BUFFER),
        (candidate > 0 and candidate >= dust, SkipReason.BELOW_DUST),
        (is_token_available, SkipReason.TOKEN_UNAVAILABLE),
    )
    return next((reason for is_met, reason in checks if not is_met), None)
