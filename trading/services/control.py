"""Pause, resume, kill: what the operator orders, appended with who and why.

The newest order of each scope and name is in force. Sessions notice within a tenth of a second and
obey before the next bar; what they then do is in their journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.domain.errors import BadInputError
from trading.domain.reasons import TradingState
from trading.models import Order, Position, TradingControl
from trading.ports.clock import Clock

WORKING = ("initialized", "submitted", "accepted", "partially_filled", "cancelling", "unknown")


@dataclass(frozen=True, slots=True)
class KillPreview:
    """What a kill would do right now, in figures.

    Attributes:
        n_open_orders: working entries that would be taken back.
        positions: (pair, quantity in base, value in quote at the entry price) that would be sold
            with flatten, and stay protected by their stops without.
    """

    n_open_orders: int
    positions: Sequence[tuple[str, Decimal, Decimal]]


def trading_state_set(  # noqa: PLR0913 - who, what, why: each named at the call
    *,
    scope: str,
    name: str,
    state: TradingState,
    flatten: bool,
    reason: str,
    actor: str,
    clock: Clock,
) -> TradingControl:
    """Order a trading state for a scope.

    Raises:
        BadInputError: an unknown scope, a scope without its name, no reason, or flatten without
            HALTED.
    """
    if scope not in TradingControl.Scope.values:
        raise BadInputError(
            f"scope was {scope!r}; expected one of {', '.join(TradingControl.Scope.values)}"
        )
    if (scope == TradingControl.Scope.DESK) is bool(name):
        raise BadInputError(f"scope {scope!r} was given the name {name!r}; only the desk has none")
    if not reason.strip():
        raise BadInputError("the reason was empty; say why, it is kept")
    if flatten and state is not TradingState.HALTED:
        raise BadInputError("flatten was asked without a kill; only a kill can flatten")
    return TradingControl.objects.create(
        scope=scope,
        name=name,
        state=int(state),
        flatten=flatten,
        reason=reason.strip()[:300],
        actor=actor,
        created_at=clock.now(),
    )


def kill_preview(*, scope: str, name: str) -> KillPreview:
    """Return what a kill of the scope would do now."""
    orders = Order.objects.filter(purpose="entry", status__in=WORKING, session__is_wanted=True)
    positions = Position.objects.filter(is_open=True, session__is_wanted=True)
    scopes = TradingControl.Scope
    if scope == scopes.STRATEGY:
        orders, positions = orders.filter(bot__strategy=name), positions.filter(bot__strategy=name)
    elif scope == scopes.VENUE:
        orders = orders.filter(session__feed__venue=name)
        positions = positions.filter(session__feed__venue=name)
    elif scope == scopes.BOT:
        pair, _, strategy = name.partition(" ")
        orders = orders.filter(bot__pair=pair, bot__strategy=strategy)
        positions = positions.filter(bot__pair=pair, bot__strategy=strategy)
    return KillPreview(
        n_open_orders=orders.count(),
        positions=[
            (row.bot.pair, row.quantity, row.quantity * row.average_entry_price)
            for row in positions.select_related("bot")
        ],
    )
