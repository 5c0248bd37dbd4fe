"""Laws of the cost models: costs are never negative, and the two views of swap costs agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.execution import D
from trading.base.domain.side import Side
from trading.desk.domain.execution.sizing import spendable
from trading.desk.domain.policy import ExecutionPolicy
from trading.market.domain.costs import SwapCosts, SwapCostSchedule, VenueCosts

_RUNGS = st.dictionaries(
    st.integers(1, 10**6).map(str),
    st.fixed_dictionaries(
        {
            "derived": st.fixed_dictionaries({"loss_rate": st.floats(0, 1)}),
            "buy": st.fixed_dictionaries({"gas_use_estimate_usd": st.floats(0, 10)}),
            "sell": st.fixed_dictionaries({"gas_use_estimate_usd": st.floats(0, 10)}),
        }
    ),
    min_size=1,
    max_size=20,
)
_NOTIONALS = st.floats(0.01, 2e6)
_BPS = st.floats(0, 1000)


@given(_RUNGS, _NOTIONALS, st.sampled_from(Side))
@settings(max_examples=300, deadline=None)
def test_the_schedule_is_the_specification_read_literally(
    entries: dict[str, Any], notional: float, side: Side
) -> None:
    schedule = SwapCostSchedule.from_entries(entries)
    reaching = [rung for rung in entries if notional <= float(rung)]
    chosen = entries[min(reaching, key=float) if reaching else max(entries, key=float)]
    wanted = notional * chosen["derived"]["loss_rate"] / 2
    wanted += chosen[side.value]["gas_use_estimate_usd"]
    assert schedule.cost(notional, side) == pytest.approx(wanted, rel=1e-15)
    exact = SwapCosts(schedule).fill_costs(D(repr(notional)), side, is_maker=False)
    assert float(exact.on_top) == pytest.approx(wanted, rel=1e-12, abs=1e-17)


@given(_BPS, _BPS, st.floats(0, 900), st.sampled_from(Side), st.decimals("0.01", "1e6", places=4))
@settings(max_examples=200, deadline=None)
def test_a_venue_never_pays_the_trader(
    taker: float, maker: float, slippage: float, side: Side, price: Decimal
) -> None:
    costs = VenueCosts.from_policy(
        ExecutionPolicy(taker_fee_bps=taker, maker_fee_bps=maker, slippage_bps=slippage)
    )
    got = costs.fill_price(price, side, is_maker=False)
    assert got >= price if side is Side.BUY else 0 < got <= price
    for is_maker in (True, False):
        assert all(part >= 0 for part in costs.fill_costs(price, side, is_maker))
    lost = abs(got - price)
    assert abs(costs.fill_costs(got, side, is_maker=False).slippage - lost) < D("1E-12")


@given(_RUNGS, st.decimals("0.01", "1e6", places=4))
@settings(max_examples=200, deadline=None)
def test_what_is_spendable_is_never_more_than_the_cash(
    entries: dict[str, Any], cash: Decimal
) -> None:
    costs = SwapCosts(SwapCostSchedule.from_entries(entries))
    assert 0 <= spendable(cash, costs) <= cash
