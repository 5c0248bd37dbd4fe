"""Laws of the books: no digit is lost between cash and profit."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.execution import D
from trading.base.domain.money import exact
from trading.base.domain.side import Side
from trading.desk.domain.execution.positions import PositionState, apply_fill

_PLACES = st.integers(1, 10**24).map(lambda n: D(n).scaleb(-18))
_PRICES = st.integers(1, 10**22).map(lambda n: D(n).scaleb(-17))
_FEES = st.integers(0, 10**20).map(lambda n: D(n).scaleb(-18))


@st.composite
def round_trips(draw: st.DrawFn) -> list[tuple[Side, Decimal, Decimal, Decimal]]:
    """Return fills that begin and end flat, with partial exits in between."""
    fills, held = [], Decimal(0)
    for _ in range(draw(st.integers(1, 8))):
        is_buy = held == 0 or draw(st.booleans())
        share = draw(st.integers(1, 10))
        quantity = draw(_PLACES) if is_buy else (held * share / 10).quantize(Decimal("1E-18"))
        quantity = min(max(quantity, Decimal("1E-18")), quantity if is_buy else held)
        side = Side.BUY if is_buy else Side.SELL
        fills.append((side, quantity, draw(_PRICES), draw(_FEES)))
        held += quantity if is_buy else -quantity
    if held > 0:
        fills.append((Side.SELL, held, draw(_PRICES), draw(_FEES)))
    return fills


@given(round_trips())
@settings(max_examples=400, deadline=None)
def test_when_flat_the_sum_of_cash_is_the_realised_profit_to_the_last_digit(
    fills: list[tuple[Side, Decimal, Decimal, Decimal]],
) -> None:
    position: PositionState | None = None
    cash, profit = Decimal(0), Decimal(0)
    for n, (side, quantity, price, fees) in enumerate(fills):
        change = apply_fill(
            position,
            n=1,
            bot_index=0,
            side=side,
            quantity=quantity,
            price=price,
            fees=fees,
            event_time=n,
        )
        with exact():
            cash += change.cash_delta
        position = change.position if change.round_trip is None else None
        if change.round_trip is not None:
            result = change.round_trip
            with exact():
                profit += result.realised_pnl
                assert result.gross_pnl - result.fees == result.realised_pnl
            assert change.position.quantity == 0
            assert change.position.entry_cost == change.position.entry_fees == 0
            assert cash == profit
    assert position is None
    assert cash == profit


@given(round_trips())
@settings(max_examples=200, deadline=None)
def test_every_amount_fits_the_database(
    fills: list[tuple[Side, Decimal, Decimal, Decimal]],
) -> None:
    position: PositionState | None = None
    for side, quantity, price, fees in fills:
        change = apply_fill(
            position,
            n=1,
            bot_index=0,
            side=side,
            quantity=quantity,
            price=price,
            fees=fees,
            event_time=0,
        )
        position = change.position if change.round_trip is None else None
        for amount in (
            change.cash_delta,
            change.position.quantity,
            change.position.average_entry_price,
            change.position.realised_pnl,
            change.position.fees,
        ):
            exponent = amount.as_tuple().exponent
            assert isinstance(exponent, int)
            assert -18 <= exponent <= 0
