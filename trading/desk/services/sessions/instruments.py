"""Rounding rules as facts: what a session's plan says of its pairs, and what the code says now."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading.market.domain.instruments import Instrument, Pair, instrument_default


def instruments_dump(instruments: Mapping[str, Instrument]) -> dict[str, Any]:
    """Return the rules by pair, JSON-ready."""
    return {
        name: {
            "venue": one.venue,
            "tick": format(one.tick, "f"),
            "lot": format(one.lot, "f"),
            "min_notional": format(one.min_notional, "f"),
            "chain": one.chain,
        }
        for name, one in sorted(instruments.items())
    }


def instruments_load(dump: Mapping[str, Any]) -> dict[str, Instrument]:
    """Return the rules that ``instruments_dump`` wrote."""
    return {
        name: Instrument(
            venue=str(one["venue"]),
            pair=Pair.parse(name),
            tick=Decimal(one["tick"]),
            lot=Decimal(one["lot"]),
            min_notional=Decimal(one["min_notional"]),
            chain=one["chain"],
        )
        for name, one in dump.items()
    }


def instruments_of(venue: str, plans: list[dict[str, Any]]) -> dict[str, Instrument]:
    """Return the rules today's code has for the pairs of these bots."""
    bankrolls = {str(plan["pair"]): Decimal(plan["bankroll"]) for plan in plans}
    return {
        name: instrument_default(venue, Pair.parse(name), bankroll)
        for name, bankroll in sorted(bankrolls.items())
    }
