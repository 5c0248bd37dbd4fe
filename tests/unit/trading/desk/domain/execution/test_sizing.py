"""How much an entry buys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.execution import FEES, FREE, INSTRUMENT, D
from trading.base.domain.side import Side
from trading.desk.domain.execution.sizing import NO_ENTRY, EntrySize, size_entry, spendable
from trading.desk.domain.policy import EntryOrder, ExecutionPolicy, RiskPolicy, Sizing
from trading.market.domain.costs import CostModel, SwapCosts, SwapCostSchedule, VenueCosts

RISK = ExecutionPolicy(sizing=Sizing.RISK)
ALL_IN = ExecutionPolicy(sizing=Sizing.ALL_IN)


def sized(
    equity: str = "1000",
    cash: str = "1000",
    price: str = "100",
    stop_distance: float = 5.0,
    execution: ExecutionPolicy = RISK,
    costs: CostModel = FREE,
    risk: RiskPolicy | None = None,
) -> EntrySize:
    return size_entry(
        equity=D(equity),
        cash=D(cash),
        price=D(price),
        stop_distance=stop_distance,
        risk=risk or RiskPolicy(),
        execution=execution,
        instrument=INSTRUMENT,
        costs=costs,
    )


def test_risk_sizing_loses_the_allowed_share_at_the_stop() -> None:
    assert sized() == EntrySize(D(3), D(300))  # 1.5 % of 1000 over a distance of 5


def test_risk_sizing_is_capped_by_the_largest_position() -> None:
    assert sized(stop_distance=0.1).notional == D(500)


def test_risk_sizing_is_capped_by_cash() -> None:
    assert sized(cash="100", stop_distance=0.1).notional == D("99.5")


def test_all_in_at_market_names_the_cash_to_spend() -> None:
    assert sized(execution=ALL_IN) == EntrySize(D(10), D(1000), D(1000))


def test_all_in_at_a_limit_leaves_half_a_percent_for_a_dearer_open() -> None:
    limited = replace(ALL_IN, entry_order=EntryOrder.LIMIT)
    assert sized(execution=limited) == EntrySize(D("9.95"), D(995))


def test_the_quantity_is_floored_to_the_lot() -> None:
    size = sized(price="99.7", stop_distance=7.0)
    assert size.quantity == D("2.142")


def test_cash_pays_for_the_entry_with_its_fees() -> None:
    limited = replace(ALL_IN, entry_order=EntryOrder.LIMIT)
    for execution, cash in ((limited, D(995)), (ALL_IN, D(1000))):
        size = sized(execution=execution, costs=FEES)
        fees = FEES.fill_costs(size.notional, Side.BUY, is_maker=False).on_top
        assert cash - D(5) < size.notional + fees <= cash


def test_a_limit_is_sized_for_the_dearer_of_taking_and_resting() -> None:
    limited = replace(ALL_IN, entry_order=EntryOrder.LIMIT)
    dear = VenueCosts(taker_fee=D(0), maker_fee=D("0.1"), slippage=D(0))
    notional = sized(execution=limited, costs=dear).notional
    assert notional == D("895.5")  # 995 less a tenth of it
    assert notional + dear.fill_costs(notional, Side.BUY, is_maker=True).on_top <= D(1000)


def test_a_swap_spends_what_the_evaluator_would() -> None:
    costs = SwapCosts(
        SwapCostSchedule.from_entries(
            {
                "5000": {
                    "derived": {"loss_rate": "0.03"},
                    "buy": {"gas_use_estimate_usd": "0.2"},
                    "sell": {"gas_use_estimate_usd": "0.3"},
                }
            }
        )
    )
    assert spendable(D(1000), costs) == D("984.8")  # 1000 less 1.5 % of it and the gas
    assert spendable(D("0.1"), costs) == 0


def test_a_dearer_gas_on_a_smaller_rung_still_leaves_enough() -> None:
    entries = {
        "99": {"derived": {"loss_rate": "0"}, "buy": {"gas_use_estimate_usd": 5}},
        "1000": {"derived": {"loss_rate": "0"}, "buy": {"gas_use_estimate_usd": 2}},
    }
    for item in entries.values():
        item["sell"] = {"gas_use_estimate_usd": 0}
    costs = SwapCosts(SwapCostSchedule.from_entries(entries))
    notional = spendable(D(100), costs)
    assert notional == D(95)
    assert notional + costs.fill_costs(notional, Side.BUY, is_maker=False).on_top <= D(100)


@pytest.mark.parametrize("sizing", [RISK, ALL_IN])
@pytest.mark.parametrize("stop_distance", [0.0, -1.0, float("nan"), float("inf")])
def test_without_a_stop_distance_there_is_no_entry(
    sizing: ExecutionPolicy, stop_distance: float
) -> None:
    assert sized(stop_distance=stop_distance, execution=sizing) == NO_ENTRY


@pytest.mark.parametrize("field", ["equity", "cash", "price"])
@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity"])
def test_a_missing_amount_gives_no_entry(field: str, value: str) -> None:
    assert sized(**{field: value}) == NO_ENTRY


def test_less_than_a_lot_is_no_entry() -> None:
    assert sized(cash="0.05", equity="0.05") == NO_ENTRY


def test_a_position_limit_of_nothing_gives_no_entry() -> None:
    assert sized(risk=replace(RiskPolicy(), position_pct=0.0)) == NO_ENTRY
