"""Know what amounts are counted in: the smallest payment, the rough size, what is stable.

Amounts of two currencies are never added or compared; there is no rate here that an operator agreed
to. But a threshold written once (a cent is dust, five are no order, a bot starts with a thousand)
must mean about the same in every currency, or it stops everything in one and nothing in another. So
thresholds are written for a currency of which one is worth about a dollar and scaled for the rest:
listed ones by the order of magnitude below, all others by the bankroll, which is the only thing an
operator said about them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trading.base.domain.money import PLACES, canonical, check_positive, exact

MAX_SYMBOL: Final = 20  # characters; what the database keeps and a file name holds in any script
BANKROLL_USUAL: Final = Decimal(1000)  # of a currency of which one is worth about a dollar
_UNITS_IN_BANKROLL: Final = Decimal(100_000)  # a thousand dollars in cents


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency.

    Attributes:
        code: such as BTC.
        unit: the smallest amount worth a payment.
        per_dollar: how much of it is about a dollar, to the order of magnitude.
        is_stable: money, or a coin that stands for money: savings can stay in it.
        is_listed: False when unit and size were derived from a bankroll.
    """

    code: str
    unit: Decimal
    per_dollar: Decimal
    is_stable: bool = False
    is_listed: bool = True

    def scaled(self, dollars: Decimal) -> Decimal:
        """Return about that many dollars in this currency."""
        with exact():
            return canonical(dollars * self.per_dollar)


_CENT, _WHOLE, _SATOSHI = Decimal("0.01"), Decimal(1), Decimal("0.00000001")
_STABLE: Final = {
    "1": "USD USDT USDC USDC.E DAI BUSD TUSD FDUSD USDP GUSD PYUSD USDE USDS USDD FRAX LUSD "
    "EUR EURC EURS EURT EURI GBP CHF CAD AUD NZD SGD",
    "5": "BRL PLN ILS",
    "10": "CNY HKD SEK NOK DKK ZAR MXN",
    "50": "TRY INR RUB PHP THB CZK UAH",
}
_STABLE_IN_WHOLES: Final = {"100": "JPY", "1000": "KRW ARS", "10000": "IDR VND"}
_COINS: Final = {
    "0.00002": "BTC WBTC",
    "0.0004": "ETH WETH",
    "0.002": "BNB",
    "0.01": "SOL",
    "1": "XRP",
    "10": "TRX DOGE",
}


def _listed(
    codes_by_size: dict[str, str], unit: Decimal, *, is_stable: bool
) -> dict[str, Currency]:
    return {
        code: Currency(code, unit, Decimal(size), is_stable)
        for size, codes in codes_by_size.items()
        for code in codes.split()
    }


CURRENCIES: Final[dict[str, Currency]] = {
    **_listed(_STABLE, _CENT, is_stable=True),
    **_listed(_STABLE_IN_WHOLES, _WHOLE, is_stable=True),
    **_listed(_COINS, _SATOSHI, is_stable=False),
}


def currency_of(code: str, bankroll: Decimal = BANKROLL_USUAL) -> Currency:
    """Return the currency; one that is not listed is sized by what a bot starts with.

    Args:
        code: as it stands in pairs.
        bankroll: of it, above 0; counts only where the currency is not listed.

    Raises:
        InvariantError: the bankroll is not a finite amount above 0.
    """
    known = CURRENCIES.get(code)
    if known is not None:
        return known
    check_positive("bankroll", bankroll)
    with exact():
        unit = max(PLACES, Decimal(1).scaleb((bankroll / _UNITS_IN_BANKROLL).adjusted()))
        return Currency(code, unit, bankroll / BANKROLL_USUAL, is_listed=False)


def is_stable(code: str) -> bool:
    """Return whether the currency is listed as money or as a coin that stands for money."""
    known = CURRENCIES.get(code)
    return known is not None and known.is_stable


def amount_in(currency: Currency, dollars: Decimal, by_quote: Mapping[str, Decimal]) -> Decimal:
    """Return a threshold in the currency: what is written for it, else the dollars scaled."""
    stated = by_quote.get(currency.code)
    return currency.scaled(dollars) if stated is None else stated


def normal_symbol(text: str) -> str:
    """Return a symbol in its one spelling: capital letters, full-width and composed alike."""
    signs = unicodedata.normalize("NFKC", text)
    # a letter whose capital is two letters keeps its own: ß is not SS
    capitals = "".join(sign.upper() if len(sign.upper()) == 1 else sign for sign in signs)
    return unicodedata.normalize("NFKC", capitals)


def is_symbol(text: str) -> bool:
    """Return whether a text can name what is traded: letters, digits, full stops inside."""
    # and the marks of scripts that need them; a full stop inside, as in USDC.E
    kinds = [unicodedata.category(sign)[0] for sign in text]
    is_made_of_them = all(k in "LMN" or sign == "." for k, sign in zip(kinds, text, strict=True))
    return 0 < len(text) <= MAX_SYMBOL and is_made_of_them and text[0] != "." and text[-1] != "."


def check_code(name: str, code: str) -> None:
    """Refuse what cannot be the code of a currency.

    Raises:
        ValueError: naming the setting, the code and what was expected.
    """
    if not is_symbol(code) or code != normal_symbol(code):
        raise ValueError(f"{name} was {code!r}; expected a currency as it stands in pairs, as BTC")


def check_amounts(name: str, amounts: Mapping[str, Decimal], *, least: str = "at least 0") -> None:
    """Refuse a map from currency to amount with a key that is no code or an amount too small.

    Args:
        name: of the setting.
        amounts: by currency.
        least: in words, ``at least 0`` or ``more than 0``.

    Raises:
        ValueError: naming the setting, the key, its amount and what was expected.
    """
    for code, amount in amounts.items():
        check_code(name, code)
        if amount < 0 or (amount == 0 and least == "more than 0"):
            raise ValueError(f"{name} was {code}: {amount}; expected {least}")
