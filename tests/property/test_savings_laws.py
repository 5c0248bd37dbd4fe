"""Laws of the savings rule, for every fee policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.fakes.execution import D
from trading.base.domain.currencies import Currency, currency_of
from trading.treasury.domain.equilibrium import (
    ClosedRecord,
    EquilibriumState,
    EquilibriumVerdict,
    record_round_trip,
    verdict,
)
from trading.treasury.domain.policy import FeePolicy, SavingsPolicy
from trading.treasury.domain.savings import SavingsDecision, SkipReason, decide_savings

_VERDICTS = st.booleans().map(
    lambda healthy: EquilibriumVerdict(is_healthy=healthy, score=0.5, n=20, net=0.1, blockers=())
)
_HEALTHY = EquilibriumVerdict(is_healthy=True, score=0.5, n=20, net=0.1, blockers=())
_AMOUNTS = st.decimals("0.01", "1000000", places=8)
_PROFITS = st.decimals("-10000", "10000", places=10)
_FEES = st.decimals("0", "1000", places=8)
_POLICIES = st.builds(
    SavingsPolicy,
    ratio=st.decimals("0.01", "0.5", places=4),
    fee_guard=st.decimals("0", "10", places=3),
    fee_policy=st.sampled_from(FeePolicy),
    dust=st.sampled_from([D(0), D("0.01"), D(5)]),
)
_CURRENCIES = st.sampled_from(
    [currency_of("USDT"), currency_of("BTC"), currency_of("JPY"), currency_of("PLS", D("0.02"))]
)


def decided(
    profit: Decimal, notional: Decimal, fees: Decimal, policy: SavingsPolicy, currency: Currency
) -> SavingsDecision:
    return decide_savings(
        profit=profit,
        exit_notional=notional,
        actual_fees=fees,
        verdict=_HEALTHY,
        policy=policy,
        currency=currency,
        token="USDC",
    )


@given(_PROFITS, _AMOUNTS, _FEES, _POLICIES, _CURRENCIES, _VERDICTS, st.booleans())
@settings(max_examples=600, deadline=None)
def test_what_is_reserved_keeps_to_the_rule(
    profit: Decimal,
    notional: Decimal,
    fees: Decimal,
    policy: SavingsPolicy,
    currency: Currency,
    health: EquilibriumVerdict,
    has_token: bool,
) -> None:
    decision = decide_savings(
        profit=profit,
        exit_notional=notional,
        actual_fees=fees,
        verdict=health,
        policy=policy,
        currency=currency,
        token="USDC",
        is_token_available=has_token,
    )
    assert decision.is_accepted == (decision.reserved > 0) == (decision.skip_reason is None)
    assert decision.reserved <= max(profit, D(0)) * policy.ratio
    assert decision.candidate % currency.unit == 0
    assert 0 <= max(profit, D(0)) * policy.ratio - decision.candidate < currency.unit
    if decision.is_accepted:
        assert health.is_healthy
        assert has_token
        assert decision.reserved >= decision.required_min
        assert decision.reserved >= decision.estimated_fees * policy.fee_guard
        assert decision.reserved >= currency.scaled(policy.dust)


@given(_PROFITS, _AMOUNTS, _FEES, _POLICIES, _CURRENCIES)
@settings(max_examples=400, deadline=None)
def test_the_passing_profit_passes_and_a_little_less_does_not(
    profit: Decimal, notional: Decimal, fees: Decimal, policy: SavingsPolicy, currency: Currency
) -> None:
    least = decided(profit, notional, fees, policy, currency).passing_profit
    assume(least is not None)
    assert least is not None
    assert decided(least, notional, fees, policy, currency).is_accepted
    less = least - currency.unit / policy.ratio
    assert not decided(less, notional, fees, policy, currency).is_accepted


@given(_AMOUNTS, st.decimals("0", "20", places=6))
@settings(max_examples=200, deadline=None)
def test_under_the_plan_no_profit_below_eight_nineteen_percent_ever_passes(
    notional: Decimal, percent: Decimal
) -> None:
    decision = decided(
        notional * percent / 100, notional, D(0), SavingsPolicy(), currency_of("USDT")
    )
    assert decision.break_even_pct == 8.19
    if percent < D("8.19"):
        assert decision.skip_reason in {
            SkipReason.CHECKPOINT_BELOW_FEE_BUFFER,
            SkipReason.NOT_PROFITABLE,
        }


_RECORDS = st.lists(
    st.builds(ClosedRecord, st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1)), max_size=40
)


@given(_RECORDS)
@settings(max_examples=200, deadline=None)
def test_health_is_exactly_the_absence_of_blockers(records: list[ClosedRecord]) -> None:
    found = verdict(EquilibriumState(tuple(records)), SavingsPolicy())
    assert found.is_healthy == (not found.blockers)
    assert 0.0 <= found.score <= 1.0
    if found.is_healthy:
        assert found.n >= 16
        assert found.net > 0


@given(_RECORDS, st.integers(1, 20))
@settings(max_examples=300, deadline=None)
def test_recording_keeps_exactly_the_newest(records: list[ClosedRecord], window: int) -> None:
    state = EquilibriumState()
    for item in records:
        state = record_round_trip(state, **item._asdict(), window=window)
    assert state.records == tuple(records[-window:])


@given(_RECORDS, st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_round_trips_changes_no_verdict(
    records: list[ClosedRecord], random: object
) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    policy = replace(SavingsPolicy(), window=128)
    assert verdict(EquilibriumState(tuple(records)), policy) == verdict(
        EquilibriumState(tuple(shuffled)), policy
    )
