"""The order state machine, transition by transition."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from tests.fakes.execution import D, fill, limit_order, order, report, stop_order
from trading.base.domain.errors import InvariantError
from trading.desk.domain.execution.ids import client_order_id
from trading.desk.domain.execution.orders import (
    Order,
    OrderPurpose,
    OrderStatus,
    ReportKind,
    apply_report,
)

S, K = OrderStatus, ReportKind
NOT_FINAL = [status for status in S if not status.is_final]
FINAL = [status for status in S if status.is_final]

TABLE = {
    K.SUBMITTED: {S.INITIALIZED: S.SUBMITTED},
    K.ACCEPTED: dict.fromkeys((S.INITIALIZED, S.SUBMITTED, S.UNKNOWN), S.ACCEPTED),
    K.REJECTED: dict.fromkeys((S.INITIALIZED, S.SUBMITTED, S.UNKNOWN), S.REJECTED),
    K.UNKNOWN: dict.fromkeys((S.INITIALIZED, S.SUBMITTED), S.UNKNOWN),
    K.CANCEL_REQUESTED: {s: S.CANCELLING for s in NOT_FINAL if s is not S.CANCELLING},
    K.CANCELLED: dict.fromkeys(NOT_FINAL, S.CANCELLED),
    K.EXPIRED: dict.fromkeys(NOT_FINAL, S.EXPIRED),
}


@pytest.mark.parametrize(("kind", "status"), list(product(TABLE, S)))
def test_a_status_report_moves_the_order_as_the_table_says_or_not_at_all(
    kind: ReportKind, status: OrderStatus
) -> None:
    before = order(status=status)
    after = apply_report(before, report(kind))
    wanted = TABLE[kind].get(status)
    if wanted is None:
        assert after is before
    else:
        assert after.status is wanted


def test_only_the_four_ends_are_final() -> None:
    assert set(FINAL) == {S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED}


@pytest.mark.parametrize("status", [s for s in S if s is not S.FILLED])
def test_a_complete_fill_fills_the_order_from_every_status(status: OrderStatus) -> None:
    assert apply_report(order(status=status), fill("t1", "2")).status is S.FILLED


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (S.INITIALIZED, S.PARTIALLY_FILLED),
        (S.SUBMITTED, S.PARTIALLY_FILLED),
        (S.ACCEPTED, S.PARTIALLY_FILLED),
        (S.UNKNOWN, S.PARTIALLY_FILLED),
        (S.CANCELLING, S.CANCELLING),
        (S.CANCELLED, S.CANCELLED),
        (S.EXPIRED, S.EXPIRED),
    ],
)
def test_a_partial_fill_counts_and_keeps_a_cancel_or_an_end(
    status: OrderStatus, wanted: OrderStatus
) -> None:
    after = apply_report(order(status=status), fill("t1", "0.5"))
    assert (after.status, after.filled_quantity) == (wanted, D("0.5"))


def test_the_same_trade_id_counts_once() -> None:
    once = apply_report(order(), fill("t1", "0.5"))
    assert apply_report(once, fill("t1", "0.5")) is once


def test_fills_average_by_quantity() -> None:
    after = apply_report(apply_report(order(), fill("a", "0.5", "100")), fill("b", "1.5", "104"))
    assert after.average_price == D(103)
    assert after.trade_ids == ("a", "b")
    assert after.remaining == 0


def test_fills_beyond_the_ordered_quantity_are_a_bug() -> None:
    part = apply_report(order(), fill("a", "1.5"))
    with pytest.raises(InvariantError, match=r"make 2\.001, ordered were 2"):
        apply_report(part, fill("b", "0.501"))


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_id": ""},
        {"price": None},
        {"price": D(0)},
        {"price": D("NaN")},
        {"quantity": D(0)},
        {"quantity": D("-1")},
        {"quantity": D("Infinity")},
    ],
)
def test_a_fill_that_is_no_trade_is_refused(changes: dict[str, object]) -> None:
    fields = {"trade_id": "t", "quantity": D(1), "price": D(100)} | changes
    with pytest.raises(InvariantError):
        apply_report(order(), report(K.FILLED, **fields))


def test_a_report_about_another_order_is_refused() -> None:
    with pytest.raises(InvariantError, match="reached order"):
        apply_report(order(client_order_id="other"), report(K.ACCEPTED))


def test_an_acceptance_after_a_fill_says_nothing_new() -> None:
    part = apply_report(order(status=S.UNKNOWN), fill("a", "1"))
    assert apply_report(part, report(K.ACCEPTED)) is part


def test_an_order_that_traded_cannot_have_been_rejected() -> None:
    part = order(status=S.SUBMITTED, filled_quantity=D(1), average_price=D(100), trade_ids=("a",))
    assert apply_report(part, report(K.REJECTED)) is part


def _update(before: Order, **fields: object) -> Order:
    return apply_report(before, report(K.UPDATED, client_order_id=before.client_order_id, **fields))


def test_an_update_moves_the_stop_and_the_quantity() -> None:
    after = _update(stop_order("95", status=S.ACCEPTED), stop_price=D(97), quantity=D(3))
    assert (after.stop_price, after.quantity, after.status) == (D(97), D(3), S.ACCEPTED)


def test_an_update_that_says_what_is_known_changes_nothing() -> None:
    before = stop_order("95", status=S.ACCEPTED)
    assert _update(before, stop_price=D("95.00"), quantity=D(2)) is before
    assert _update(before) is before


@pytest.mark.parametrize("status", FINAL)
def test_a_final_order_is_not_updated(status: OrderStatus) -> None:
    before = stop_order("95", status=status)
    assert _update(before, stop_price=D(97)) is before


def test_cutting_the_quantity_to_what_is_filled_completes_the_order() -> None:
    part = stop_order("95", status=S.PARTIALLY_FILLED, filled_quantity=D(1))
    assert _update(part, quantity=D(1)).status is S.FILLED


def test_cutting_the_quantity_below_what_is_filled_is_a_bug() -> None:
    part = stop_order("95", status=S.PARTIALLY_FILLED, filled_quantity=D(1))
    with pytest.raises(InvariantError, match=r"was cut to 0\.5"):
        _update(part, quantity=D("0.5"))


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_a_stop_is_never_moved_to_a_price_that_is_none(price: str) -> None:
    with pytest.raises(InvariantError, match="stop price"):
        _update(stop_order("95", status=S.ACCEPTED), stop_price=Decimal(price))


def test_client_order_ids_are_stable_short_and_distinct() -> None:
    first = client_order_id("session-1", 3, 77, OrderPurpose.ENTRY)
    # a literal: ids must survive a new version of the code, or a restart would order twice
    assert first == "ggf6pa5vlbensa4uwlmmchis4xk3ry35y"
    assert first == client_order_id("session-1", 3, 77, OrderPurpose.ENTRY, child=0)
    others = {
        client_order_id("session-2", 3, 77, OrderPurpose.ENTRY),
        client_order_id("session-1", 37, 7, OrderPurpose.ENTRY),
        client_order_id("session-1", 3, 78, OrderPurpose.ENTRY),
        client_order_id("session-1", 3, 77, OrderPurpose.STOP),
        client_order_id("session-1", 3, 77, OrderPurpose.ENTRY, child=1),
    }
    assert len(others | {first}) == 6
    assert len(first) <= 36
    assert first.isalnum()


def test_the_remaining_quantity_is_what_is_not_filled() -> None:
    assert limit_order("99", filled_quantity=D("0.75")).remaining == D("1.25")
