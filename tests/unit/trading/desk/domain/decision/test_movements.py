"""A fill, a start and a saved slice as entries, reckoned by hand."""

from __future__ import annotations

from decimal import Decimal

from trading.base.domain.money import canonical
from trading.base.domain.side import Side
from trading.desk.domain.decision.movements import (
    Traded,
    fill_entry,
    opening_entry,
    reservation_entry,
)
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    ReportKind,
)
from trading.market.domain.instruments import Instrument, Pair, instrument_default
from trading.treasury.domain.ledger import Entry, EntryKind

ON_VENUE = instrument_default("bybit", Pair("BTC", "USDT"))
ON_CHAIN = instrument_default("pulsex", Pair("PDAI", "DAI"))


def order(side: Side, pair: str) -> Order:
    return Order(
        client_order_id="order", bot_index=3, pair=pair, side=side, type=OrderType.MARKET,
        purpose=OrderPurpose.ENTRY, quantity=Decimal(2), limit_price=None, stop_price=None,
        status=OrderStatus.FILLED, filled_quantity=Decimal(2), average_price=Decimal(50),
        trade_ids=("t1",), reason="", bar_time=0, created_seq=1, expires_bar_time=None,
    )  # fmt: skip


def fill(fee: str, gas: str = "0") -> ExecutionReport:
    return ExecutionReport(
        "order", ReportKind.FILLED, 77, trade_id="t1", quantity=Decimal(2), price=Decimal(50),
        fee=Decimal(fee), gas_cost=Decimal(gas),
    )  # fmt: skip


def entry_of(
    instrument: Instrument, side: Side, report: ExecutionReport, traded: tuple[str, ...]
) -> Entry:
    return fill_entry(
        instrument, order(side, str(instrument.pair)), report, Traded(*map(Decimal, traded))
    )


def lines(entry: Entry) -> list[str]:
    return [f"{p.account.kind} {canonical(p.amount):f} {p.currency}" for p in entry.postings]


def test_a_buy_on_a_venue_pays_the_market_and_the_fee() -> None:
    entry = entry_of(ON_VENUE, Side.BUY, fill("0.1"), ("-100.1", "2", "0.1", "0"))
    assert lines(entry) == [
        "trading -100 USDT",
        "market 100 USDT",
        "market -2 BTC",
        "trading 2 BTC",
        "trading -0.1 USDT",
        "fees 0.1 USDT",
    ]
    assert (entry.kind, entry.ref, entry.time) == (EntryKind.FILL, "order/t1", 77)
    assert {(p.account.place, p.account.bot_index) for p in entry.postings} == {("bybit", 3)}


def test_a_sale_on_a_chain_pays_the_chain_in_quote_and_burns_its_coin() -> None:
    report = fill("0.2", "0.05")
    entry = entry_of(ON_CHAIN, Side.SELL, report, ("99.75", "-2", "0.25", "0.00015"))
    assert lines(entry) == [
        "trading -2 PDAI",
        "market 2 PDAI",
        "market -100 DAI",
        "trading 100 DAI",
        "trading -0.2 DAI",
        "fees 0.2 DAI",
        "trading -0.05 DAI",
        "network 0.05 DAI",
        "gas -0.00015 PLS",
        "network 0.00015 PLS",
    ]
    assert {p.account.place for p in entry.postings} == {"pulsechain"}


def test_a_bot_begins_with_its_bankroll_and_on_a_chain_with_gas() -> None:
    thousand, half = Decimal(1000), Decimal("0.5")
    assert lines(opening_entry(0, ON_VENUE, thousand, half)) == [
        "capital -1000 USDT",
        "trading 1000 USDT",
    ]
    assert lines(opening_entry(0, ON_CHAIN, thousand, half))[2:] == [
        "capital -0.5 PLS",
        "gas 0.5 PLS",
    ]


def test_a_slice_is_set_aside_in_the_currency_it_was_earned_in() -> None:
    entry = reservation_entry(1, ON_VENUE, 4, Decimal("1.5"), 99)
    assert lines(entry) == ["trading -1.5 USDT", "savings 1.5 USDT"]
    assert (entry.kind, entry.ref, entry.time) == (EntryKind.RESERVATION, "1/4", 99)
