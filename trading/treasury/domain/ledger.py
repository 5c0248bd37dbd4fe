"""Double entry: money never appears or goes, it moves between accounts.

An entry is a list of postings that sum to zero in every currency it names, or it cannot be made.
What somebody has is therefore never stored as a fact of its own: it is the sum of what was posted
to the account. Amounts of two currencies are never added, so a balance always names its currency.

Amounts are Decimals on the grid of ``trading.base.domain.money``; an account gains what is posted
to it with a plus sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import ZERO, check_positive, total

DECIMAL_PLACES: Final = 18  # that the database keeps


class AccountKind(StrEnum):
    """What an account is for."""

    TRADING = "trading"  # what a bot trades with: its money and what it bought
    SAVINGS = "savings"  # set aside
    GAS = "gas"  # a chain's own coin, kept to pay the chain
    FEES = "fees"  # what venues were paid
    NETWORK = "network"  # what chains were paid
    MARKET = "market"  # the other side of every trade
    CAPITAL = "capital"  # what was put in; negative, because it is owed to who did


class EntryKind(StrEnum):
    """Why money moved."""

    OPENING = "opening"  # the capital a bot begins with
    FILL = "fill"  # an order was executed
    RESERVATION = "reservation"  # a slice of a profit was set aside


class Account(NamedTuple):
    """One account; it holds as many currencies as are posted to it, each for itself.

    Attributes:
        place: the venue or chain where the money is.
        bot_index: whose it is, by its place in the session.
    """

    kind: AccountKind
    place: str
    bot_index: int


class Posting(NamedTuple):
    """What one account gains, or with a minus sign loses."""

    account: Account
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of money, balanced.

    Attributes:
        ref: what moved it; with the kind, unique in the session.
        time: when, ms UTC; None before the first bar.

    Raises:
        InvariantError: postings of a currency do not sum to zero, there is none, or an amount is
            zero, not finite or finer than the database keeps.
    """

    kind: EntryKind
    ref: str
    time: int | None
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if not self.postings:
            raise InvariantError(f"entry {self.kind} {self.ref} moves nothing")
        sums: dict[str, Decimal] = {}
        for _, currency, amount in self.postings:
            if not _can_be_kept(amount):
                raise InvariantError(
                    f"entry {self.kind} {self.ref} posts {amount} {currency}; expected an amount "
                    "other than 0 with at most 18 decimal places"
                )
            before = sums.get(currency)
            sums[currency] = amount if before is None else total(before, amount)
        for currency, amount in sums.items():
            if amount:
                raise InvariantError(
                    f"entry {self.kind} {self.ref} leaves {amount} {currency} over; expected 0"
                )


def _can_be_kept(amount: Decimal) -> bool:
    exponent = amount.as_tuple().exponent  # a letter where it is not finite
    return bool(amount) and isinstance(exponent, int) and exponent >= -DECIMAL_PLACES


def moved(source: Account, target: Account, currency: str, amount: Decimal) -> tuple[Posting, ...]:
    """Return the two postings that take an amount from one account to another, none for zero.

    Raises:
        InvariantError: the amount is negative or not finite.
    """
    if not amount:
        return ()
    if not amount.is_finite() or amount < 0:
        check_positive(f"{currency} moved from {source.kind} to {target.kind}", amount)
    return Posting(source, currency, amount.copy_negate()), Posting(target, currency, amount)


Balances = dict[tuple[Account, str], Decimal]


def balances(entries: Iterable[Entry]) -> Balances:
    """Return what every account has of every currency after all the entries."""
    sums: Balances = {}
    for entry in entries:
        for posting in entry.postings:
            key = posting.account, posting.currency
            sums[key] = total(sums.get(key, ZERO), posting.amount)
    return sums
