"""Fills become positions and positions results."""

from __future__ import annotations

import pytest

from tests.fakes.execution import D
from trading.base.domain.errors import InvariantError
from trading.base.domain.side import Side
from trading.desk.domain.execution.positions import PositionChange, PositionState, apply_fill


def filled(
    position: PositionState | None,
    side: Side,
    quantity: str,
    price: str,
    fees: str = "0",
    time: int = 0,
    bot_index: int = 0,
    slippage: str = "0",
) -> PositionChange:
    return apply_fill(
        position,
        n=1,
        bot_index=bot_index,
        side=side,
        quantity=D(quantity),
        price=D(price),
        fees=D(fees),
        event_time=time,
        slippage=D(slippage),
    )


def test_a_first_buy_opens_a_position_and_takes_cash() -> None:
    change = filled(None, Side.BUY, "2", "100", "0.4", time=5)
    assert change.cash_delta == D("-200.4")
    assert change.round_trip is None
    position = change.position
    assert (position.quantity, position.average_entry_price, position.entry_time) == (2, 100, 5)
    assert position.is_open


def test_another_buy_averages_the_entry_and_keeps_its_time() -> None:
    first = filled(None, Side.BUY, "1", "100", "1", time=5).position
    position = filled(first, Side.BUY, "3", "104", "2", time=9).position
    assert (position.quantity, position.average_entry_price) == (D(4), D(103))
    assert (position.fees, position.entry_time) == (D(3), 5)


def test_a_partial_exit_realises_its_share_of_profit_and_entry_fees() -> None:
    opened = filled(None, Side.BUY, "4", "100", "2").position
    change = filled(opened, Side.SELL, "1", "110", "0.3")
    assert change.round_trip is None
    assert change.cash_delta == D("109.7")
    assert change.position.gross_pnl == D(10)
    assert change.position.realised_pnl == D("9.2")  # 10 less 0.3 exit and a quarter of 2 entry
    assert change.position.quantity == D(3)
    assert change.position.exit_time is None


def test_the_last_exit_closes_the_position_into_a_result() -> None:
    opened = filled(None, Side.BUY, "4", "100", "2", time=1).position
    part = filled(opened, Side.SELL, "1", "110", "0.3", time=2).position
    change = filled(part, Side.SELL, "3", "90", "0.7", time=3)
    assert not change.position.is_open
    assert change.position.quantity == 0
    result = change.round_trip
    assert result is not None
    assert (result.quantity, result.entry_price, result.exit_price) == (D(4), D(100), D(95))
    assert (result.entry_time, result.exit_time) == (1, 3)
    assert (result.gross_pnl, result.fees, result.realised_pnl) == (D(-20), D(3), D(-23))


def test_what_a_round_trip_cost_holds_fees_and_slippage_of_every_fill() -> None:
    opened = filled(None, Side.BUY, "2", "100", "0.2", slippage="0.04").position
    more = filled(opened, Side.BUY, "2", "100", "0.2", slippage="0.05").position
    part = filled(more, Side.SELL, "1", "110", "0.1", slippage="0.02").position
    result = filled(part, Side.SELL, "3", "110", "0.3", slippage="0.06").round_trip
    assert result is not None
    assert (result.fees, result.slippage, result.costs) == (D("0.8"), D("0.17"), D("0.97"))
    assert result.realised_pnl == D("39.2")  # slippage is in the prices already


def test_a_closed_position_has_nothing_left_of_cost_or_fees() -> None:
    opened = filled(None, Side.BUY, "3", "0.1", "0.01").position
    part = filled(opened, Side.SELL, "1", "0.1").position
    closed = filled(part, Side.SELL, "2", "0.1").position
    assert (closed.entry_cost, closed.entry_fees) == (0, 0)


def test_a_buy_after_the_close_opens_a_new_position() -> None:
    opened = filled(None, Side.BUY, "1", "100").position
    closed = filled(opened, Side.SELL, "1", "110").position
    again = filled(closed, Side.BUY, "1", "120", time=9).position
    assert (again.entry_time, again.realised_pnl, again.bought_quantity) == (9, 0, 1)


def test_selling_more_than_is_held_is_a_bug() -> None:
    opened = filled(None, Side.BUY, "1", "100").position
    with pytest.raises(InvariantError, match=r"sold 1\.1, it held 1"):
        filled(opened, Side.SELL, "1.1", "100")
    with pytest.raises(InvariantError, match="held 0"):
        filled(None, Side.SELL, "1", "100")


def test_a_bot_never_touches_anothers_position() -> None:
    opened = filled(None, Side.BUY, "1", "100").position
    with pytest.raises(InvariantError, match="bot 7"):
        filled(opened, Side.SELL, "1", "100", bot_index=7)


@pytest.mark.parametrize(
    ("quantity", "price", "fees"),
    [("0", "1", "0"), ("1", "0", "0"), ("1", "NaN", "0"), ("1", "1", "-1"), ("Infinity", "1", "0")],
)
def test_amounts_that_are_none_are_refused(quantity: str, price: str, fees: str) -> None:
    with pytest.raises(InvariantError):
        filled(None, Side.BUY, quantity, price, fees)
