"""What one bar does to each kind of order."""

from __future__ import annotations

from decimal import Decimal

import pytest

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
from trading.base.domain.errors import InvariantError
from trading.base.domain.side import Side
from trading.desk.domain.execution.matching import match_bar
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    ReportKind,
    apply_report,
)
from trading.market.domain.bars import Bar
from trading.market.domain.costs import CostModel, SwapCosts, SwapCostSchedule

CLOSE_TIME = OPEN_TIME + STEP_MS


def matched(
    *orders: Order, on: Bar, costs: CostModel = FREE, participation_pct: float = 0.0
) -> list[ExecutionReport]:
    return match_bar(
        orders,
        on,
        step_ms=STEP_MS,
        instrument=INSTRUMENT,
        costs=costs,
        participation_pct=participation_pct,
    )


def limit_sell(price: str, **changes: object) -> Order:
    return limit_order(price, side=Side.SELL, purpose=OrderPurpose.EXIT, **changes)


def test_a_market_order_fills_at_the_open_worsened_by_slippage_and_rounding() -> None:
    (fill,) = matched(order(), on=bar(100.33, high=110.0), costs=FEES)
    assert fill.kind is ReportKind.FILLED
    assert fill.price == D("100.36")  # 100.33 * 1.0002 = 100.350066, up to the tick
    assert fill.slippage == D("0.06")
    assert fill.fee == D("0.20072")  # 10 bps of 200.72
    assert (fill.quantity, fill.is_maker, fill.event_time) == (D(2), False, OPEN_TIME)


def test_a_market_sell_loses_the_slippage_downwards() -> None:
    (fill,) = matched(order(side=Side.SELL, purpose=OrderPurpose.EXIT), on=bar(100.33), costs=FEES)
    assert fill.price == D("100.30")  # 100.309934, down to the tick


@pytest.mark.parametrize(
    ("limit", "on", "price", "is_maker"),
    [
        ("99", bar(100, low=98.5), "99", True),  # trades through
        ("99", bar(100, low=99.0), None, None),  # only touched: still in the queue
        ("99", bar(100, low=99.5), None, None),
        ("99", bar(98, high=101), "98", False),  # opens through: takes the better price
        ("100", bar(100, low=99.9), "100", True),
    ],
)
def test_a_limit_buy_fills_only_where_the_bar_proves_it(
    limit: str, on: Bar, price: str | None, is_maker: bool | None
) -> None:
    fills = matched(limit_order(limit), on=on)
    if price is None:
        assert fills == []
    else:
        time = CLOSE_TIME if is_maker else OPEN_TIME
        assert [(f.price, f.is_maker, f.event_time) for f in fills] == [(D(price), is_maker, time)]


@pytest.mark.parametrize(
    ("limit", "on", "price"),
    [
        ("101", bar(100, high=101.5), "101"),
        ("101", bar(100, high=101.0), None),
        ("101", bar(102, low=100), "102"),
    ],
)
def test_a_limit_sell_is_the_mirror(limit: str, on: Bar, price: str | None) -> None:
    fills = matched(limit_sell(limit), on=on)
    assert [f.price for f in fills] == ([] if price is None else [D(price)])


def test_slippage_never_carries_a_limit_beyond_its_limit() -> None:
    (fill,) = matched(limit_order("100"), on=bar(99.99), costs=FEES)
    assert fill.price == D(100)  # 99.99 * 1.0002 would be 100.0099980
    assert fill.fee == D("0.2")  # a taker's


def test_a_resting_limit_pays_the_makers_fee_and_no_slippage() -> None:
    (fill,) = matched(limit_order("99"), on=bar(100, low=98), costs=FEES)
    assert (fill.price, fill.fee, fill.slippage) == (D(99), D("0.1584"), D(0))


@pytest.mark.parametrize(
    ("stop", "on", "price"),
    [
        ("95", bar(100, low=94), "95"),
        ("95", bar(100, low=95.0), "95"),  # reached is enough: protection is not optimistic
        ("95", bar(100, low=95.01), None),
        ("95", bar(93, high=99), "93"),  # gap: no better than the open
    ],
)
def test_a_protective_stop_fills_at_the_stop_or_at_a_worse_open(
    stop: str, on: Bar, price: str | None
) -> None:
    fills = matched(stop_order(stop), on=on)
    assert [f.price for f in fills] == ([] if price is None else [D(price)])


@pytest.mark.parametrize(
    ("on", "price"), [(bar(100, high=106), "105"), (bar(107), "107"), (bar(100, high=104), None)]
)
def test_a_stop_buy_is_the_mirror(on: Bar, price: str | None) -> None:
    fills = matched(stop_order("105", side=Side.BUY), on=on)
    assert [f.price for f in fills] == ([] if price is None else [D(price)])


def test_a_stop_pays_slippage_below_the_stop() -> None:
    (fill,) = matched(stop_order("95"), on=bar(100, low=90), costs=FEES)
    assert fill.price == D("94.98")
    assert fill.event_time == CLOSE_TIME


def test_volume_limits_the_fill_and_the_rest_goes_on_working() -> None:
    (fill,) = matched(order(), on=bar(volume=12.34), participation_pct=10.0)
    assert fill.quantity == D("1.234")


def test_orders_of_one_bar_share_the_volume_exits_first() -> None:
    entry = order(bot_index=1, client_order_id="a", quantity=D(3))
    leave = order(
        bot_index=2, client_order_id="z", side=Side.SELL, purpose=OrderPurpose.EXIT, quantity=D(3)
    )
    fills = matched(entry, leave, on=bar(volume=40.0), participation_pct=10.0)
    assert [(f.client_order_id, f.quantity) for f in fills] == [("z", D(3)), ("a", D(1))]


def test_without_volume_nothing_fills_while_participation_is_limited() -> None:
    reports = matched(order(), stop_order("101"), on=bar(volume=0.0), participation_pct=10.0)
    assert [r.kind for r in reports] == [ReportKind.TRIGGERED]
    assert len(matched(order(), on=bar(volume=0.0))) == 1


def test_less_volume_than_a_lot_fills_nothing() -> None:
    assert matched(order(), on=bar(volume=0.005), participation_pct=10.0) == []


def test_a_stop_that_was_triggered_goes_on_at_market() -> None:
    first = bar(96.0, low=94.0, volume=5.0)
    trigger, part = matched(stop_order("95"), on=first, participation_pct=10.0)
    assert (trigger.kind, part.quantity, part.price) == (ReportKind.TRIGGERED, D("0.5"), D(95))
    rest = apply_report(apply_report(stop_order("95"), trigger), part)
    assert rest.is_triggered
    (fill,) = matched(rest, on=bar(99.0))
    assert (fill.price, fill.quantity, fill.event_time) == (D(99), D("1.5"), OPEN_TIME)


def test_an_exit_and_a_stop_of_one_bot_never_sell_the_position_twice() -> None:
    leave = order(client_order_id="z", side=Side.SELL, purpose=OrderPurpose.EXIT)
    reports = matched(stop_order("95"), leave, on=bar(100, low=90))
    fills = [r for r in reports if r.kind is ReportKind.FILLED]
    assert [(f.client_order_id, f.quantity) for f in fills] == [("z", D(2))]


def test_what_an_exit_leaves_for_want_of_volume_the_stop_may_sell() -> None:
    leave = order(client_order_id="z", side=Side.SELL, purpose=OrderPurpose.EXIT, quantity=D(2))
    fills = matched(stop_order("95"), leave, on=bar(100, low=90, volume=15), participation_pct=10.0)
    assert sum(f.quantity for f in fills) == D("1.5")


def test_a_limit_may_fill_on_its_last_bar_and_expires_at_its_close() -> None:
    last = limit_order("99", expires_bar_time=CLOSE_TIME)
    assert [r.kind for r in matched(last, on=bar(100, low=98))] == [ReportKind.FILLED]
    (report,) = matched(last, on=bar(100))
    assert (report.kind, report.event_time) == (ReportKind.EXPIRED, CLOSE_TIME)


def test_a_partly_filled_limit_expires_with_its_rest() -> None:
    last = limit_order("99", expires_bar_time=CLOSE_TIME)
    kinds = [r.kind for r in matched(last, on=bar(100, low=98, volume=10), participation_pct=10.0)]
    assert kinds == [ReportKind.FILLED, ReportKind.EXPIRED]


def test_a_limit_whose_time_ended_in_a_gap_does_not_fill_any_more() -> None:
    (report,) = matched(limit_order("99", expires_bar_time=OPEN_TIME), on=bar(100, low=90))
    assert report.kind is ReportKind.EXPIRED


def test_no_order_fills_on_a_bar_that_opened_before_it_was_decided() -> None:
    late = order(bar_time=OPEN_TIME + 1)
    assert matched(late, on=bar()) == []
    assert len(matched(order(bar_time=OPEN_TIME), on=bar())) == 1


@pytest.mark.parametrize(
    "status", [s for s in OrderStatus if s.is_final] + [OrderStatus.CANCELLING, OrderStatus.UNKNOWN]
)
def test_orders_that_are_over_or_uncertain_are_left_alone(status: OrderStatus) -> None:
    assert matched(order(status=status), on=bar()) == []


def test_trade_ids_differ_by_bar_and_repeat_for_the_same_bar() -> None:
    first = matched(order(), on=bar())[0].trade_id
    assert first == matched(order(), on=bar())[0].trade_id
    assert first != matched(order(), on=bar(open_time=OPEN_TIME + STEP_MS))[0].trade_id
    assert 0 < len(first) <= 64


@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP_MARKET])
def test_an_order_without_its_price_is_a_bug(kind: OrderType) -> None:
    with pytest.raises(InvariantError, match="price"):
        matched(order(type=kind), on=bar())


def test_a_swap_fills_at_the_open_and_pays_loss_and_gas() -> None:
    schedule = SwapCostSchedule.from_entries(
        {
            "1000": {
                "derived": {"loss_rate": "0.02"},
                "buy": {"gas_use_estimate_usd": 0.2},
                "sell": {"gas_use_estimate_usd": 0.3},
            }
        }
    )
    (fill,) = matched(order(), on=bar(100.0), costs=SwapCosts(schedule))
    assert (fill.price, fill.slippage) == (D(100), D(0))
    assert (fill.fee, fill.gas_cost) == (D(2), Decimal("0.2"))
