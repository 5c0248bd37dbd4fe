"""Open the way back for a bot that its drawdown stopped: a person decides it, with a reason."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from trading.base.domain.errors import BadInputError, OrderRefusedError
from trading.base.ports.clock import Clock
from trading.desk.models import BotRearm, TradingControl
from trading.desk.selectors.bots import BotView, bot_list
from trading.desk.selectors.drawdowns import DrawdownStop, drawdown_stops
from trading.desk.services.control.orders import REASON_MAX
from trading.desk.services.control.scopes import bots_obeying, scope_check

BOT: Final = TradingControl.Scope.BOT


@transaction.atomic
def bot_rearm(*, name: str, reason: str, actor: str, clock: Clock) -> list[BotRearm]:
    """Let the drawdown of the bot count from its equity, from the next bar on.

    Args:
        name: pair and strategy, or the name it was installed under; all bots of that name.
        reason: why, kept.
        actor: who.
        clock: when.

    Raises:
        BadInputError: there is no such bot, or no usable reason.
        OrderRefusedError: it is not running, or not beyond its limit.
    """
    scope_check(BOT, name)
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise BadInputError(
            f"the reason was {len(reason.strip())} characters long; expected 1 to {REASON_MAX}"
        )
    bots = _running(name)
    stops = drawdown_stops(bots)
    if not stops:
        raise _refusal(name, bots)
    return [
        BotRearm.objects.create(
            bot_id=bot_id,
            drawdown_pct=stop.drawdown_pct,
            reason=reason.strip(),
            actor=actor,
            created_at=clock.now(),
        )
        for bot_id, stop in stops.items()
    ]


def rearm_preview(*, name: str) -> list[tuple[BotView, DrawdownStop]]:
    """Return the bots of that name that are stopped by their drawdown now, and how far."""
    bots = _running(name)
    stops = drawdown_stops(bots)
    return [(bot, stops[bot.id]) for bot in bots if bot.id in stops]


def _running(name: str) -> list[BotView]:
    rows = bots_obeying(BOT, name).values_list("pk", "session_id")
    found = dict(rows)
    return [bot for bot in bot_list(sorted(set(found.values()))) if bot.id in found]


def _refusal(name: str, bots: list[BotView]) -> OrderRefusedError:
    if not bots:
        return OrderRefusedError("not_running", f"bot {name} is in no running session")
    deepest = max(bot.drawdown_pct for bot in bots)
    return OrderRefusedError(
        "not_stopped",
        f"bot {name} is {deepest:.2f} % below its peak, which is within its limit: "
        "there is nothing to re-arm",
    )
