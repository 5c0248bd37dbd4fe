"""What the fee policy "actual trade fees" charges is what the fills of the round trip cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.unit.trading.desk.domain.decision.scripted import ScriptedDesk
from trading.desk.domain.policy import ExecutionPolicy, Policy
from trading.treasury.domain.policy import FeePolicy, SavingsPolicy

BUY, SELL = 1, -1


@pytest.mark.parametrize("slippage_bps", [0.0, 2.0, 35.0])
@pytest.mark.parametrize("participation_pct", [0.0, 0.02])  # in one fill, in many
def test_actual_trade_fees_are_fees_gas_and_slippage_of_all_fills(
    slippage_bps: float, participation_pct: float
) -> None:
    policy = replace(
        Policy(),
        savings=SavingsPolicy(fee_policy=FeePolicy.ACTUAL_TRADE_FEES),
        execution=ExecutionPolicy(slippage_bps=slippage_bps, participation_pct=participation_pct),
    )
    desk = ScriptedDesk({1: BUY, 8: SELL}, policy=policy)
    for close in (101.0, 101.2, 101.3, 101.4, 101.5, 101.6, 101.8, 103.0, *[103.0] * 20):
        desk.bar(close)
    (trip,) = [trip for out in desk.outputs for trip in out.round_trips]
    reports = [fill.report for out in desk.outputs for fill in out.fills]
    assert trip.savings is not None
    paid = sum((r.fee + r.gas_cost + r.slippage for r in reports), Decimal(0))
    assert trip.savings.estimated_fees == paid > 0
    assert any(r.slippage for r in reports) is (slippage_bps > 0)
    assert trip.savings.required_min == pytest.approx(paid * Decimal("1.89"))
