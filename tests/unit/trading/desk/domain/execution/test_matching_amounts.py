"""Orders that name what to spend, and swaps against a pool."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.execution import (
    FEES,
    FREE,
    INSTRUMENT,
    OPEN_TIME,
    STEP_MS,
    D,
    bar,
    limit_order,
    order,
    stop_order,
)
from trading.desk.domain.execution.matching import NO_OWN_COSTS, match_bar
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderStatus,
    ReportKind,
    apply_report,
)
from trading.market.domain.bars import Bar
from trading.market.domain.costs import CostModel, SwapCosts, SwapCostSchedule

ENTRIES = {
    "5000": {
        "derived": {"loss_rate": "0.03"},
        "buy": {"gas_use_estimate_usd": "0.2"},
        "sell": {"gas_use_estimate_usd": "0.3"},
    }
}
SWAP = SwapCosts(SwapCostSchedule.from_entries(ENTRIES))


def matched(
    *orders: Order,
    on: Bar,
    costs: CostModel = FREE,
    participation_pct: float = 0.0,
    own_costs: MappingProxyType[int, CostModel] = NO_OWN_COSTS,  # type: ignore[assignment]
) -> list[ExecutionReport]:
    return match_bar(
        orders,
        on,
        step_ms=STEP_MS,
        instrument=INSTRUMENT,
        costs=costs,
        participation_pct=participation_pct,
        own_costs=own_costs,
    )


def after(the: Order, reports: list[ExecutionReport]) -> Order:
    for report in reports:
        the = apply_report(the, report)
    return the


def paid(fill: ExecutionReport) -> Decimal:
    assert fill.price is not None
    return fill.price * fill.quantity + fill.fee + fill.gas_cost


def test_an_amount_buys_what_is_left_after_the_costs_of_all_of_it() -> None:
    buy = order(spend=D(1000), quantity=D(9))
    update, fill = matched(buy, on=bar(100.0), costs=SWAP)
    assert (update.kind, fill.kind) == (ReportKind.UPDATED, ReportKind.FILLED)
    assert fill.fee + fill.gas_cost == D("15.2")  # 1.5 % of 1000 and the gas
    assert fill.quantity == update.quantity == D("9.848")
    assert paid(fill) == 1000
    done = after(buy, [update, fill])
    assert (done.status, done.quantity) == (OrderStatus.FILLED, D("9.848"))


def test_on_a_venue_the_quantity_keeps_to_the_lot_and_the_price_to_the_tick() -> None:
    _, fill = matched(order(spend=D(1000)), on=bar(100.33), costs=FEES)
    assert fill.price == D("100.36")
    assert fill.quantity == D("9.954")  # 999 / 100.36 = 9.95416
    assert D("999.5") < paid(fill) <= 1000


def test_a_swap_keeps_to_neither() -> None:
    _, fill = matched(order(spend=D(1000)), on=bar(0.001234567890123), costs=SWAP)
    assert fill.price == D("0.001234567890123")
    assert abs(fill.quantity * D("0.001234567890123") - D("984.8")) < D("1e-18")


def test_the_volume_of_the_bar_limits_a_venue_but_not_a_swap() -> None:
    small = bar(100.0, volume=50.0)  # 10 % are 5
    _, fill = matched(order(spend=D(1000)), on=small, participation_pct=10.0)
    assert fill.quantity == D(5)
    _, swapped = matched(order(spend=D(1000)), on=small, participation_pct=10.0, costs=SWAP)
    assert swapped.quantity == D("9.848")


def test_what_the_volume_does_not_give_is_not_bought_later() -> None:
    buy = order(spend=D(1000))
    done = after(buy, matched(buy, on=bar(100.0, volume=50.0), participation_pct=10.0))
    assert (done.status, done.filled_quantity) == (OrderStatus.FILLED, D(5))


@pytest.mark.parametrize(("spend", "volume"), [("0.2", 1000.0), ("1000", 0.0)])
def test_an_amount_that_buys_nothing_ends_with_a_reason(spend: str, volume: float) -> None:
    costs = SWAP if volume else FREE
    (end,) = matched(order(spend=D(spend)), on=bar(100.0, volume=volume), costs=costs,
                     participation_pct=10.0)  # fmt: skip
    assert (end.kind, end.event_time) == (ReportKind.EXPIRED, OPEN_TIME)
    assert end.reason == "the amount buys nothing at this price and volume"


def test_each_bot_pays_its_own_costs() -> None:
    mine, other = order(spend=D(1000)), order(bot_index=1, client_order_id="g" + "b" * 32)
    own = MappingProxyType({0: SWAP})
    reports = matched(mine, other, on=bar(100.0), costs=FEES, own_costs=own)
    fees = {r.client_order_id: r.fee for r in reports if r.kind is ReportKind.FILLED}
    assert fees[mine.client_order_id] == 15
    assert fees[other.client_order_id] == D("0.20004")  # 10 bps of 2 at 100.02


def test_a_pool_fills_stops_and_limits_at_the_price_itself() -> None:
    (stopped,) = matched(stop_order("99.005"), on=bar(100.0, low=98.0), costs=SWAP)
    assert stopped.price == D("99.005")
    (limited,) = matched(limit_order("100.005"), on=bar(100.0042), costs=SWAP)
    assert limited.price == D("100.0042")


@given(
    spend=st.decimals(D("0.01"), D(1_000_000), places=6),
    price=st.floats(1e-6, 1e6, allow_nan=False),
)
def test_a_swap_never_spends_more_than_the_amount_and_leaves_no_more_than_dust(
    spend: Decimal, price: float
) -> None:
    reports = matched(order(spend=spend), on=bar(price), costs=SWAP)
    fills = [report for report in reports if report.kind is ReportKind.FILLED]
    for fill in fills:
        left = spend - paid(fill)
        assert 0 <= left <= D("1e-18") * max(D(1), D(repr(price)))
