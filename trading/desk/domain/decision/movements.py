"""What a bot's money does, as ledger entries: its capital, its fills, what it sets aside.

Cash, reserve and native coin of a bot change nowhere without one of these, so each is the sum of
its postings (``trading.treasury.domain.ledger``), and so is the quantity it holds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from trading.base.domain.money import canonical, total
from trading.base.domain.side import Side
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.execution.orders import ExecutionReport, Order
from trading.market.domain.instruments import NATIVE_COIN, Instrument
from trading.treasury.domain.ledger import Account, AccountKind, Entry, EntryKind, moved

_OF_A_FILL: Final = (
    AccountKind.TRADING, AccountKind.MARKET, AccountKind.FEES, AccountKind.NETWORK,
)  # fmt: skip


class Traded(NamedTuple):
    """What one fill changed of a bot: cash and fees in quote, quantity in base, gas in the coin.

    ``cash`` and ``quantity`` are signed. ``fees`` are part of the cash.
    """

    cash: Decimal
    quantity: Decimal
    fees: Decimal
    gas: Decimal


def place_of(instrument: Instrument) -> str:
    """Return where the money of a pair's bots is: the chain, else the venue."""
    return instrument.chain or instrument.venue


def opening_entry(
    bot_index: int, instrument: Instrument, bankroll: Decimal, native_balance: Decimal
) -> Entry:
    """Return what a bot begins with; a native balance counts only where there is a chain."""
    place = place_of(instrument)
    capital = Account(AccountKind.CAPITAL, place, bot_index)
    trading = Account(AccountKind.TRADING, place, bot_index)
    postings = moved(capital, trading, instrument.pair.quote, canonical(bankroll))
    if instrument.chain is not None:
        gas = Account(AccountKind.GAS, place, bot_index)
        coin = NATIVE_COIN[instrument.chain]
        postings += moved(capital, gas, coin, canonical(native_balance))
    return Entry(EntryKind.OPENING, str(bot_index), None, postings)


def opening_entries(state: DeskState) -> list[Entry]:
    """Return what all bots of a session begin with, by index."""
    return [
        opening_entry(
            bot.spec.index,
            state.pairs[bot.spec.pair].instrument,
            bot.spec.bankroll,
            bot.spec.native_balance,
        )
        for bot in state.bots
    ]


def fill_entry(
    instrument: Instrument, order: Order, report: ExecutionReport, traded: Traded
) -> Entry:
    """Return one execution: one currency for the other, the venue's fee and what the chain took.

    The costs of a fill that were charged in quote leave the cash with it. The coin that a swap
    burns comes out of the bot's gas besides.
    """
    pair, place = instrument.pair, place_of(instrument)
    trading, market, fees, network = (Account(kind, place, order.bot_index) for kind in _OF_A_FILL)
    charged = canonical(report.gas_cost)
    notional, quantity = total(traded.cash, traded.fees).copy_abs(), traded.quantity.copy_abs()
    fee = total(traded.fees, charged.copy_negate())
    sold, bought = (pair.base, pair.quote) if order.side is Side.SELL else (pair.quote, pair.base)
    amounts = {pair.quote: notional, pair.base: quantity}
    postings = (
        *moved(trading, market, sold, amounts[sold]),
        *moved(market, trading, bought, amounts[bought]),
        *moved(trading, fees, pair.quote, fee),
        *moved(trading, network, pair.quote, charged),
    )
    if instrument.chain is not None:
        gas = Account(AccountKind.GAS, place, order.bot_index)
        postings += moved(gas, network, NATIVE_COIN[instrument.chain], traded.gas)
    ref = f"{report.client_order_id}/{report.trade_id}"
    return Entry(EntryKind.FILL, ref, report.event_time, postings)


def reservation_entry(
    bot_index: int, instrument: Instrument, position_n: int, amount: Decimal, time: int
) -> Entry:
    """Return the slice of a closed position's profit that is set aside, in quote."""
    place = place_of(instrument)
    trading = Account(AccountKind.TRADING, place, bot_index)
    savings = Account(AccountKind.SAVINGS, place, bot_index)
    postings = moved(trading, savings, instrument.pair.quote, amount)
    return Entry(EntryKind.RESERVATION, f"{bot_index}/{position_n}", time, postings)
