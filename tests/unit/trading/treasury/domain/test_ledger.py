"""An entry balances in every currency, or it is not made."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trading.base.domain.errors import InvariantError
from trading.treasury.domain.ledger import (
    Account,
    AccountKind,
    Entry,
    EntryKind,
    Posting,
    balances,
    moved,
)

CAPITAL = Account(AccountKind.CAPITAL, "bybit", 0)
TRADING = Account(AccountKind.TRADING, "bybit", 0)
SAVINGS = Account(AccountKind.SAVINGS, "bybit", 0)
MARKET = Account(AccountKind.MARKET, "bybit", 0)


def entry(*postings: Posting, kind: EntryKind = EntryKind.FILL) -> Entry:
    return Entry(kind, "one", 1, postings)


def test_what_leaves_one_account_arrives_in_another() -> None:
    made = entry(*moved(CAPITAL, TRADING, "USDT", Decimal("12.5")))
    assert balances([made]) == {
        (CAPITAL, "USDT"): Decimal("-12.5"),
        (TRADING, "USDT"): Decimal("12.5"),
    }


def test_a_unit_of_one_currency_does_not_pay_for_a_unit_of_another() -> None:
    with pytest.raises(InvariantError, match="leaves 1 BTC over; expected 0"):
        entry(Posting(TRADING, "BTC", Decimal(1)), Posting(MARKET, "USDT", Decimal(-1)))


def test_a_difference_in_the_last_place_is_a_difference() -> None:
    large = Decimal("98765432109876543210")
    larger = Decimal("98765432109876543210.000000000000000001")
    with pytest.raises(InvariantError, match="over; expected 0"):
        entry(Posting(TRADING, "USDT", larger), Posting(MARKET, "USDT", -large))


@pytest.mark.parametrize("amount", ["0", "NaN", "Infinity", "0.0000000000000000001"])
def test_an_amount_that_no_row_could_keep_is_refused(amount: str) -> None:
    value = Decimal(amount)
    with pytest.raises(InvariantError, match="expected an amount other than 0"):
        entry(Posting(TRADING, "USDT", value), Posting(MARKET, "USDT", -value))


def test_an_entry_that_moves_nothing_is_refused() -> None:
    with pytest.raises(InvariantError, match="moves nothing"):
        entry(*moved(TRADING, SAVINGS, "USDT", Decimal(0)))


def test_money_is_not_moved_backwards_by_a_negative_amount() -> None:
    with pytest.raises(InvariantError, match="moved from trading to savings"):
        moved(TRADING, SAVINGS, "USDT", Decimal(-1))


def test_balances_of_two_currencies_stand_apart() -> None:
    made = [
        entry(*moved(CAPITAL, TRADING, "USDT", Decimal(3))),
        entry(
            *moved(TRADING, MARKET, "USDT", Decimal(2)), *moved(MARKET, TRADING, "BTC", Decimal(1))
        ),
    ]
    found = balances(made)
    assert found[TRADING, "USDT"] == 1
    assert found[TRADING, "BTC"] == 1
