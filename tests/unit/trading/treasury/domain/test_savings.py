"""The 15 % checkpoint as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.execution import D
from trading.base.domain.currencies import currency_of
from trading.base.domain.errors import InvariantError
from trading.market.domain.instruments import Pair
from trading.treasury.domain.equilibrium import EquilibriumVerdict
from trading.treasury.domain.policy import FeePolicy, SavingsPolicy
from trading.treasury.domain.savings import (
    SKIP_TEXT,
    SavingsDecision,
    SkipReason,
    decide_savings,
    guess_break_even_pct,
    savings_token,
)

PLAN = SavingsPolicy()
ACTUAL = SavingsPolicy(fee_policy=FeePolicy.ACTUAL_TRADE_FEES)
TRANSFER = SavingsPolicy(fee_policy=FeePolicy.TRANSFER_COST)
HEALTHY = EquilibriumVerdict(is_healthy=True, score=0.7, n=20, net=0.1, blockers=())
SICK = EquilibriumVerdict(is_healthy=False, score=0.1, n=2, net=-0.1, blockers=("too few",))


def decided(
    profit: str,
    notional: str = "1000",
    fees: str = "2",
    policy: SavingsPolicy = PLAN,
    verdict: EquilibriumVerdict = HEALTHY,
    currency: str = "USDT",
    bankroll: str = "1000",
    **more: object,
) -> SavingsDecision:
    return decide_savings(
        profit=D(profit),
        exit_notional=D(notional),
        actual_fees=D(fees),
        verdict=verdict,
        policy=policy,
        currency=currency_of(currency, D(bankroll)),
        token="USDC",
        **more,
    )


@pytest.mark.parametrize(
    ("policy", "profit", "reserved", "reason"),
    [
        # plan: the guard on 1000 sold is 1.89 * 6.50 = 12.285, so 12.29 is the least slice
        (PLAN, "81.94", "12.29", None),
        (PLAN, "81.93", "0", SkipReason.CHECKPOINT_BELOW_FEE_BUFFER),
        (PLAN, "30", "0", SkipReason.CHECKPOINT_BELOW_FEE_BUFFER),
        (PLAN, "200", "30.00", None),
        # fees of the trade: 1.89 * 2 = 3.78, 15 % of 25.20
        (ACTUAL, "25.20", "3.78", None),
        (ACTUAL, "25.19", "0", SkipReason.CHECKPOINT_BELOW_FEE_BUFFER),
        # transfer: 0.10 and 10 bps of the slice
        (TRANSFER, "1.34", "0.20", None),
        (TRANSFER, "1.26", "0", SkipReason.CHECKPOINT_BELOW_FEE_BUFFER),
        (PLAN, "0", "0", SkipReason.NOT_PROFITABLE),
        (PLAN, "-5", "0", SkipReason.NOT_PROFITABLE),
    ],
)
def test_the_table_of_profits_and_fee_policies(
    policy: SavingsPolicy, profit: str, reserved: str, reason: SkipReason | None
) -> None:
    decision = decided(profit, policy=policy)
    assert (decision.reserved, decision.skip_reason) == (D(reserved), reason)
    assert decision.is_accepted is (reason is None)


def test_an_unhealthy_desk_saves_nothing_and_says_why() -> None:
    decision = decided("500", verdict=SICK)
    assert decision.skip_reason is SkipReason.NOT_HEALTHY
    assert (decision.score, decision.is_healthy, decision.blockers) == (0.1, False, ("too few",))
    assert decision.candidate == D(75)


def test_dust_is_left_where_it_is() -> None:
    policy = replace(ACTUAL, dust=D(1))
    assert decided("6", fees="0", policy=policy).skip_reason is SkipReason.BELOW_DUST
    assert decided("6.67", fees="0", policy=policy).reserved == D(1)


@pytest.mark.parametrize(
    ("currency", "bankroll", "dust"),
    [
        ("USDT", "1000", "0.01"),
        ("USDT", "1000000", "0.01"),  # a cent is dust whatever the bot has
        ("BTC", "0.02", "0.0000002"),
        ("JPY", "100000", "1"),
        ("PLS", "1000", "0.01"),  # not listed: a hundred-thousandth of the bankroll
        ("PLS", "50000000", "500"),
        ("PLS", "0.000001", "0.00000000001"),
    ],
)
def test_dust_is_about_a_cent_in_every_currency(currency: str, bankroll: str, dust: str) -> None:
    policy = replace(ACTUAL, ratio=D("0.5"))
    passing = decided("1", fees="0", policy=policy, currency=currency, bankroll=bankroll)
    assert passing.passing_profit == 2 * D(dust)
    assert passing.quote == currency
    least = str(2 * D(dust))
    kept = decided(least, fees="0", policy=policy, currency=currency, bankroll=bankroll)
    assert kept.reserved == D(dust)


def test_an_amount_written_for_a_currency_counts_there_and_nowhere_else() -> None:
    policy = replace(ACTUAL, dust_by_quote={"BTC": D("0.001")})
    small = {"notional": "0.1", "fees": "0", "policy": policy}
    assert decided("0.006", currency="BTC", **small).skip_reason is SkipReason.BELOW_DUST
    assert decided("0.007", currency="BTC", **small).reserved == D("0.00105")
    assert decided("0.07", **small).reserved == D("0.01")
    moved = replace(TRANSFER, transfer_fixed_by_quote={"BTC": D("0.00001")})
    assert decided("1", policy=moved, currency="BTC").estimated_fees == D("0.00016")
    assert decided("1", policy=TRANSFER, currency="BTC").estimated_fees == D("0.000152")


@pytest.mark.parametrize(
    ("pair", "token"),
    [
        ("BTC/USDT", "USDT"),
        ("USDC/USDT", "USDT"),  # what the profit is in already
        ("PDAI/DAI", "DAI"),
        ("BTC/EUR", "EUR"),
        ("USDT/BTC", "USDT"),
        ("ETH/BTC", "FDUSD"),  # neither side is stable: the policy's
    ],
)
def test_savings_go_to_the_first_stable_coin_of_the_pair(pair: str, token: str) -> None:
    assert savings_token(Pair.parse(pair), replace(PLAN, token="FDUSD")) == token


def test_a_slice_of_nothing_is_dust_even_without_a_limit() -> None:
    policy = replace(ACTUAL, dust=D(0))
    assert decided("0.05", fees="0", policy=policy).skip_reason is SkipReason.BELOW_DUST
    assert decided("50", fees="0", policy=replace(policy, ratio=D(0))).reserved == 0


def test_a_missing_token_stops_an_otherwise_good_slice() -> None:
    decision = decided("200", is_token_available=False)
    assert decision.skip_reason is SkipReason.TOKEN_UNAVAILABLE
    assert decision.reserved == 0


def test_the_first_reason_in_order_is_given() -> None:
    assert decided("-1", verdict=SICK).skip_reason is SkipReason.NOT_PROFITABLE
    assert decided("1", verdict=SICK).skip_reason is SkipReason.NOT_HEALTHY
    no_token = decided("1", is_token_available=False)
    assert no_token.skip_reason is SkipReason.CHECKPOINT_BELOW_FEE_BUFFER


def test_the_slice_is_rounded_down_to_what_the_quote_is_paid_in() -> None:
    assert decided("99.99").candidate == D("14.99")
    fine = decided("0.00123456789", notional="0.01", fees="0", currency="BTC")
    assert fine.candidate == D("0.00018518")


def test_every_figure_of_the_checkpoint_is_in_the_decision() -> None:
    decision = decided("30")
    assert decision.estimated_fees == D("6.5")
    assert decision.required_min == D("12.285")
    assert (decision.ratio, decision.fee_guard, decision.token) == (D("0.15"), D("1.89"), "USDC")
    assert (decision.fee_policy, decision.profit) == (FeePolicy.PLAN_NOTIONAL_GUESS, D(30))
    assert decision.break_even_pct == 8.19
    assert decision.passing_profit == D("81.933333333333333334")


def test_the_plans_break_even_is_eight_nineteen_for_every_trade() -> None:
    assert guess_break_even_pct(PLAN) == 8.19
    assert decided("1", notional="123.4567").break_even_pct == 8.19


def test_the_other_policies_break_even_depends_on_the_trade() -> None:
    assert guess_break_even_pct(ACTUAL) is None
    assert decided("1", policy=ACTUAL).break_even_pct == pytest.approx(2.52)
    assert decided("1", policy=TRANSFER).break_even_pct == pytest.approx(0.12623857)


def test_a_rule_that_never_passes_says_so() -> None:
    for policy in (replace(PLAN, ratio=D(0)), replace(TRANSFER, transfer_bps=D(10_000))):
        decision = decided("500", policy=policy)
        assert decision.passing_profit is None
        assert decision.break_even_pct is None
        assert not decision.is_accepted
    assert guess_break_even_pct(replace(PLAN, ratio=D(0))) is None


def test_every_reason_has_a_sentence() -> None:
    assert set(SKIP_TEXT) == set(SkipReason)


@pytest.mark.parametrize(
    ("profit", "notional", "fees"),
    [
        ("NaN", "1", "0"),
        ("Infinity", "1", "0"),
        ("1", "0", "0"),
        ("1", "NaN", "0"),
        ("1", "1", "-1"),
    ],
)
def test_amounts_that_are_none_are_refused(profit: str, notional: str, fees: str) -> None:
    with pytest.raises(InvariantError):
        decided(profit, notional=notional, fees=fees)
