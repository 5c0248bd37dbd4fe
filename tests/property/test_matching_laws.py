"""Laws of the simulated venue."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.execution import (
    FEES,
    INSTRUMENT,
    OPEN_TIME,
    STEP_MS,
    D,
    limit_order,
    order,
    stop_order,
)
from trading.domain.execution.matching import match_bar
from trading.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    ReportKind,
    Side,
    apply_report,
)
from trading.domain.market.bars import Bar, to_decimal

_CENTS = st.integers(9_000, 11_000)


@st.composite
def bars(draw: st.DrawFn, n: int = 0) -> Bar:
    open_, close, up, down = (
        draw(_CENTS),
        draw(_CENTS),
        draw(st.integers(0, 400)),
        draw(st.integers(0, 400)),
    )
    volume = draw(st.sampled_from([0.0, 0.004, 1.0, 7.77, 50.0]))
    high, low = max(open_, close) + up, min(open_, close) - down
    return Bar(OPEN_TIME + n * STEP_MS, open_ / 100, high / 100, low / 100, close / 100, volume)


@st.composite
def order_books(draw: st.DrawFn) -> list[Order]:
    book = []
    for n in range(draw(st.integers(0, 6))):
        price = str(D(draw(_CENTS)) / 100)
        side = draw(st.sampled_from(Side))
        base = {
            "client_order_id": f"o{n}",
            "bot_index": draw(st.integers(0, 2)),
            "side": side,
            "quantity": D(draw(st.integers(1, 5000))) / 1000,
            "purpose": OrderPurpose.ENTRY if side is Side.BUY else OrderPurpose.EXIT,
        }
        expiry = draw(st.sampled_from([None, OPEN_TIME, OPEN_TIME + STEP_MS]))
        kind = draw(st.sampled_from(["market", "limit", "stop"]))
        if kind == "market":
            book.append(order(**base))
        elif kind == "limit":
            book.append(limit_order(price, **base, expires_bar_time=expiry))
        else:
            book.append(stop_order(price, **(base | {"purpose": OrderPurpose.STOP})))
    return book


def matched(book: list[Order], on: Bar, participation_pct: float = 10.0) -> list[ExecutionReport]:
    return match_bar(
        book,
        on,
        step_ms=STEP_MS,
        instrument=INSTRUMENT,
        costs=FEES,
        participation_pct=participation_pct,
    )


@given(order_books(), bars(), st.sampled_from([0.0, 10.0, 100.0]))
@settings(max_examples=400, deadline=None)
def test_fills_stay_within_order_bar_volume_and_position(
    book: list[Order], bar: Bar, participation_pct: float
) -> None:
    reports = matched(book, bar, participation_pct)
    fills = [r for r in reports if r.kind is ReportKind.FILLED]
    by_id = {o.client_order_id: o for o in book}
    assert len({f.client_order_id for f in fills}) == len(fills)
    if participation_pct:
        share = to_decimal(bar.volume) * D(str(participation_pct)) / 100
        assert sum((f.quantity for f in fills), Decimal(0)) <= share
    closing: dict[int, Decimal] = {}
    for fill in fills:
        mine = by_id[fill.client_order_id]
        assert 0 < fill.quantity <= mine.remaining
        assert fill.quantity % INSTRUMENT.lot == 0
        assert fill.price is not None
        assert fill.price % INSTRUMENT.tick == 0
        if mine.purpose is not OrderPurpose.ENTRY:
            closing[mine.bot_index] = closing.get(mine.bot_index, Decimal(0)) + fill.quantity
        apply_report(mine, fill)  # must not be refused
    for bot_index, quantity in closing.items():
        assert quantity <= max(
            o.remaining
            for o in book
            if o.bot_index == bot_index and o.purpose is not OrderPurpose.ENTRY
        )


@given(order_books(), bars())
@settings(max_examples=300, deadline=None)
def test_no_fill_is_better_than_the_bar_and_the_order_allow(book: list[Order], bar: Bar) -> None:
    by_id = {o.client_order_id: o for o in book}
    for fill in matched(book, bar, participation_pct=0.0):
        mine = by_id[fill.client_order_id]
        if fill.price is None:
            assert fill.kind is ReportKind.EXPIRED
            continue
        if mine.side is Side.BUY:
            assert fill.price >= to_decimal(bar.low)
            assert mine.limit_price is None or fill.price <= mine.limit_price
            assert mine.stop_price is None or fill.price > max(mine.stop_price, D(0))
        else:
            assert fill.price <= to_decimal(bar.high)
            assert mine.limit_price is None or fill.price >= mine.limit_price
            assert mine.stop_price is None or fill.price < mine.stop_price


@given(order_books(), bars(), st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_book_changes_nothing(book: list[Order], bar: Bar, random: object) -> None:
    shuffled = list(book)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert matched(book, bar) == matched(shuffled, bar)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_over_many_bars_an_order_fills_once_in_full_and_no_more(data: st.DataObject) -> None:
    mine = data.draw(order_books().filter(bool))[0]
    mine = replace(mine, expires_bar_time=None)
    trades: set[str] = set()
    for n in range(12):
        for report in matched([mine], data.draw(bars(n)), participation_pct=100.0):
            assert report.trade_id not in trades
            trades.add(report.trade_id)
            mine = apply_report(mine, report)
    assert mine.filled_quantity <= mine.quantity
    assert set(mine.trade_ids) == trades
