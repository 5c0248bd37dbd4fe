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
from trading.base.domain.side import Side
from trading.desk.domain.execution.matching import match_bar
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    ReportKind,
    apply_report,
)
from trading.market.domain.bars import Bar, to_decimal

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
            assert fill.kind in {ReportKind.EXPIRED, ReportKind.TRIGGERED}
            continue
        if mine.side is Side.BUY:
            assert fill.price >= to_decimal(bar.low)
            assert mine.limit_price is None or fill.price <= mine.limit_price
            assert mine.stop_price is None or fill.price > max(mine.stop_price, D(0))
        else:
            assert fill.price <= to_decimal(bar.high)
            assert mine.limit_price is None or fill.price >= mine.limit_price
            assert mine.stop_price is None or fill.price < mine.stop_price


def by_what_it_is(book: list[Order], reports: list[ExecutionReport]) -> list[object]:
    """Return what happened to orders, without the ids of any."""
    known = {o.client_order_id: replace(o, client_order_id="", created_seq=0) for o in book}
    return sorted(
        (repr(known[r.client_order_id]), repr(replace(r, client_order_id="", trade_id="")))
        for r in reports
    )


@given(order_books(), bars(), st.permutations(range(6)), st.randoms())
@settings(max_examples=300, deadline=None)
def test_no_id_decides_what_an_order_gets(
    book: list[Order], bar: Bar, names: list[int], random: object
) -> None:
    renamed = [replace(o, client_order_id=f"x{k}") for o, k in zip(book, names, strict=False)]
    random.shuffle(renamed)  # type: ignore[attr-defined]
    assert by_what_it_is(book, matched(book, bar)) == by_what_it_is(renamed, matched(renamed, bar))


@given(order_books().filter(bool), bars())
@settings(max_examples=200, deadline=None)
def test_equal_orders_get_equal_shares(book: list[Order], bar: Bar) -> None:
    rival = replace(book[0], client_order_id="rival", bot_index=9)
    got = {r.client_order_id: r.quantity for r in matched([book[0], rival], bar) if r.price}
    assert got.get(book[0].client_order_id) == got.get("rival")


@given(order_books(), bars(), st.integers(9_000, 11_000))
@settings(max_examples=300, deadline=None)
def test_what_happens_within_a_bar_takes_nothing_from_what_traded_at_its_open(
    book: list[Order], bar: Bar, close: int
) -> None:
    """The same open and volume, another high, low and close: at the open all fills are the same."""
    high, low = max(bar.open, close / 100), min(bar.open, close / 100)
    other = bar._replace(high=high, low=low, close=close / 100)
    at_open = [
        [r for r in matched(book, on) if r.price is not None and r.event_time == OPEN_TIME]
        for on in (bar, other)
    ]
    assert at_open[0] == at_open[1]


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_triggered_stop_sells_at_every_open_until_nothing_is_left(data: st.DataObject) -> None:
    mine, n = stop_order("95", quantity=D(data.draw(st.integers(1, 5000))) / 1000), 0
    while not mine.status.is_final:
        bar = data.draw(bars(n).filter(lambda bar: bar.volume > 1))
        reports, was_triggered = matched([mine], bar), mine.is_triggered
        for report in reports:
            mine = apply_report(mine, report)
        sold = [r.quantity for r in reports if r.kind is ReportKind.FILLED]
        if was_triggered:
            share = INSTRUMENT.round_quantity(to_decimal(bar.volume) / 10)
            assert sold == [min(share, sold[0] + mine.remaining)]
            assert {r.event_time for r in reports} == {bar.open_time}
        n += 1
        if not mine.is_triggered and n > 20:
            return


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
            if report.kind is ReportKind.FILLED:
                assert report.trade_id not in trades
                trades.add(report.trade_id)
            mine = apply_report(mine, report)
    assert mine.filled_quantity <= mine.quantity
    assert set(mine.trade_ids) == trades
