"""Hold the ledger of a session against what its bots say they have.

Cash, reserve, gas and held quantity stand in rows of their own, because pages and limits read them
at every turn; the ledger is where they come from. Here the postings are added up once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from trading.base.domain.money import ZERO, total
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import Bot, DeskSession, Position, SessionFact
from trading.desk.services.sessions.blueprint import plan_rules
from trading.market.domain.instruments import NATIVE_COIN, Instrument
from trading.treasury.domain.ledger import AccountKind
from trading.treasury.models import LedgerEntry, LedgerPosting

OWN: Final = (AccountKind.TRADING, AccountKind.SAVINGS, AccountKind.GAS)
Key = tuple[int, str, str]  # bot index, account, currency


def ledger_check(session: DeskSession) -> list[str]:
    """Return a sentence for everything in which the session's ledger and its rows disagree."""
    sums, in_all = _sums(session.pk)
    wrong = [
        f"the ledger has {amount:f} {currency} over; expected 0"
        for currency, amount in sorted(in_all.items())
        if amount
    ]
    wrong += [
        f"ledger entry {kind} {ref}: it moves {mode} money in a session of {session.mode} money"
        for kind, ref, mode in LedgerEntry.objects.filter(session_id=session.pk)
        .exclude(mode=session.mode)
        .values_list("kind", "ref", "mode")
    ]
    for key, amount, what in _stated(session.pk):
        posted = sums.pop(key, ZERO)
        if posted != amount:
            index, _, currency = key
            wrong.append(
                f"bot {index}: its {what} is stored as {amount:f} {currency}, "
                f"the ledger says {posted:f}"
            )
    wrong += [
        f"bot {index}: the ledger has {amount:f} {currency} in {account}, which no row explains"
        for (index, account, currency), amount in sorted(sums.items())
        if amount and account in OWN
    ]
    return wrong


def _sums(session_id: int) -> tuple[dict[Key, Decimal], dict[str, Decimal]]:
    """Return what every account has, and what is in all accounts together, by currency."""
    sums: dict[Key, Decimal] = {}
    in_all: dict[str, Decimal] = {}
    rows = LedgerPosting.objects.filter(entry__session_id=session_id).order_by()
    for index, account, currency, amount in rows.values_list(
        "bot_index", "account", "currency", "amount"
    ).iterator():
        key = index, account, currency
        sums[key] = total(sums.get(key, ZERO), amount)
        in_all[currency] = total(in_all.get(currency, ZERO), amount)
    return sums, in_all


def _stated(session_id: int) -> Iterator[tuple[Key, Decimal, str]]:
    """Yield what the bots' rows say, with the account it should be in."""
    held = dict(
        Position.objects.filter(session_id=session_id, is_open=True).values_list(
            "bot__index", "quantity"
        )
    )
    instruments = _instruments(session_id)
    for bot in Bot.objects.filter(session_id=session_id).order_by("index"):
        yield (bot.index, AccountKind.TRADING, bot.quote), bot.cash, "cash"
        yield (bot.index, AccountKind.SAVINGS, bot.quote), bot.reserved, "reserve"
        instrument = instruments[bot.pair]
        base = instrument.pair.base
        yield (bot.index, AccountKind.TRADING, base), held.get(bot.index, ZERO), "position"
        if instrument.chain is not None:  # elsewhere a native balance is of no account
            coin = NATIVE_COIN[instrument.chain]
            yield (bot.index, AccountKind.GAS, coin), bot.native_balance, "native balance"


def _instruments(session_id: int) -> dict[str, Instrument]:
    """Return by pair what the session began with; later facts change steps, never a chain."""
    start = SessionFact.objects.get(session_id=session_id, n=0, kind=FactKind.START)
    return plan_rules(start.payload).instruments
