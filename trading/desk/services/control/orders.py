"""Pause, resume, kill, unkill: what the operator orders, appended with who and why.

The newest order of each scope and name is in force, and sessions obey it from the next bar on. A
kill is stronger than every other order: only ``unkill`` lifts it, and then what was in force before
the kill counts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.db import connection, transaction

from trading.base.domain.errors import BadInputError, OrderRefusedError
from trading.base.domain.reasons import TradingState
from trading.base.ports.clock import Clock
from trading.desk.models import Order, Position, TradingControl
from trading.desk.services.control.scopes import bots_obeying, scope_check

REASON_MAX: Final = 300
# an entry in one of these can still be taken back
WORKING: Final = ("initialized", "submitted", "accepted", "partially_filled", "unknown")


class Act(StrEnum):
    """What can be ordered."""

    PAUSE = "pause"
    RESUME = "resume"
    KILL = "kill"
    UNKILL = "unkill"


_STATE: Final = {
    Act.PAUSE: TradingState.PAUSED,
    Act.RESUME: TradingState.ACTIVE,
    Act.KILL: TradingState.HALTED,
}


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """What a pause or a kill would do right now, in figures.

    Attributes:
        n_bots: bots of running sessions that the order covers.
        n_open_orders: working entries that would be taken back.
        positions: (pair, quantity in base, value in quote at the entry price) that a kill would
            sell with flatten, and that stay protected by their stops without.
    """

    n_bots: int
    n_open_orders: int
    positions: Sequence[tuple[str, Decimal, Decimal]]


@transaction.atomic
def order_give(  # noqa: PLR0913 - who, what, why: each named at the call
    *,
    act: Act,
    scope: str,
    name: str,
    reason: str,
    actor: str,
    clock: Clock,
    flatten: bool = False,
) -> TradingControl:
    """Give an order for a scope and return it; ``flatten`` is for a kill and stays until unkill.

    Raises:
        BadInputError: a scope or name that does not exist, no reason, or flatten without a kill.
        OrderRefusedError: a pause or resume of what is killed, an unkill of what is not.
    """
    scope_check(scope, name)
    if not reason.strip():
        raise BadInputError("the reason was empty; say why, it is kept")
    if len(reason.strip()) > REASON_MAX:
        raise BadInputError(
            f"the reason was {len(reason.strip())} characters long; at most {REASON_MAX} are kept"
        )
    if flatten and act is not Act.KILL:
        raise BadInputError("flatten was asked without a kill; only a kill can flatten")
    _one_at_a_time()
    rows = TradingControl.objects.filter(scope=scope, name=name).order_by("-id")
    killed = _killed(scope, name)
    _check_kill(act, killed, f"{scope} {name}".strip())
    if act is Act.UNKILL:
        before = rows.exclude(state=TradingState.HALTED).first()
        state = TradingState.ACTIVE if before is None else TradingState(before.state)
    else:
        state = _STATE[act]
    return TradingControl.objects.create(
        scope=scope,
        name=name,
        state=int(state),
        flatten=flatten or (act is Act.KILL and killed is not None and killed.flatten),
        reason=reason.strip(),
        actor=actor,
        created_at=clock.now(),
    )


def order_refusal(*, act: Act, scope: str, name: str) -> str:
    """Return why the order would be refused now; empty when it would not."""
    try:
        _check_kill(act, _killed(scope, name), f"{scope} {name}".strip())
    except OrderRefusedError as error:
        return str(error)
    return ""


def _killed(scope: str, name: str) -> TradingControl | None:
    newest = TradingControl.objects.filter(scope=scope, name=name).order_by("-id").first()
    return newest if newest is not None and newest.state == TradingState.HALTED else None


def _check_kill(act: Act, killed: TradingControl | None, target: str) -> None:
    if act is Act.UNKILL and killed is None:
        raise OrderRefusedError(
            "not_killed", f"{target} is not killed, so there is no kill to lift"
        )
    if act in (Act.PAUSE, Act.RESUME) and killed is not None:
        raise OrderRefusedError(
            "killed",
            f"{target} is killed ({killed.actor}: {killed.reason}) and stays so; only unkill lifts "
            f"a kill: manage.py unkill --scope {target} --reason WHY",
        )


def _one_at_a_time() -> None:
    """Let nobody else give an order until this one is committed: the newest has the last word.

    SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(TradingControl._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def order_preview(*, scope: str, name: str) -> OrderPreview:
    """Return what a pause or a kill of the scope would do now."""
    bots = bots_obeying(scope, name)
    positions = Position.objects.filter(is_open=True, bot__in=bots).select_related("bot")
    return OrderPreview(
        n_bots=bots.count(),
        n_open_orders=Order.objects.filter(
            purpose="entry", status__in=WORKING, bot__in=bots
        ).count(),
        positions=[
            (row.bot.pair, row.quantity, row.quantity * row.average_entry_price)
            for row in positions.order_by("id")
        ],
    )
