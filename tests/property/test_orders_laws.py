"""Laws of the order state machine under any sequence of messages."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.execution import D, order, report
from trading.base.domain.errors import InvariantError
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderStatus,
    ReportKind,
    apply_report,
)

_FILLS = st.builds(
    lambda trade, lots: report(
        ReportKind.FILLED, trade_id=f"t{trade}", quantity=D(lots) / 1000, price=D(100 + trade)
    ),
    st.integers(0, 12),
    st.integers(1, 900),
)
_STATUSES = st.sampled_from([kind for kind in ReportKind if kind is not ReportKind.FILLED]).map(
    report
)
_MESSAGES = st.lists(st.one_of(_FILLS, _STATUSES), max_size=40)


def told(before: Order, messages: list[ExecutionReport]) -> Order:
    for message in messages:
        try:
            before = apply_report(before, message)
        except InvariantError:
            continue  # a venue that fills more than was ordered: refused, nothing changed
    return before


@given(_MESSAGES)
@settings(max_examples=600, deadline=None)
def test_fills_never_exceed_the_order_and_a_final_order_never_works_again(
    messages: list[ExecutionReport],
) -> None:
    current = order(status=OrderStatus.INITIALIZED)
    for message in messages:
        after = told(current, [message])
        assert Decimal(0) <= current.filled_quantity <= after.filled_quantity <= after.quantity
        assert (after.status is OrderStatus.FILLED) == (after.filled_quantity == after.quantity)
        if current.status.is_final:
            assert after.status.is_final
        current = after


@given(_MESSAGES)
@settings(max_examples=200, deadline=None)
def test_hearing_everything_a_second_time_changes_nothing(messages: list[ExecutionReport]) -> None:
    final = [report(ReportKind.CANCELLED)]
    once = told(order(status=OrderStatus.INITIALIZED), messages + final)
    fills = [m for m in messages if m.kind is ReportKind.FILLED and m.trade_id in once.trade_ids]
    others = [m for m in messages if m.kind is not ReportKind.FILLED]
    assert told(once, fills + others + final) is once


@given(st.lists(_FILLS, max_size=10, unique_by=lambda r: r.trade_id), st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_fills_arrive_in_changes_only_the_list_of_ids(
    fills: list[ExecutionReport], random: object
) -> None:
    big = order(quantity=D(100))
    shuffled = list(fills)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = told(big, fills), told(big, shuffled)
    assert one.filled_quantity == two.filled_quantity
    assert set(one.trade_ids) == set(two.trade_ids)
    if one.average_price is not None and two.average_price is not None:
        assert abs(one.average_price - two.average_price) < Decimal("1E-15")
