"""What an operator can order, for the desk or for one bot, in words: before, after, and undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from trading.domain.reasons import TradingState


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an operator can order."""

    name: str
    title: str
    state: TradingState
    effect: str
    undo: str
    done: str
    is_dangerous: bool = False


DESK_ACTIONS: Final[Mapping[str, Action]] = {
    action.name: action
    for action in (
        Action(
            "pause",
            "Pause the desk",
            TradingState.PAUSED,
            "From the next bar on no bot enters. Exits and stops go on as before.",
            "Resume undoes it at once.",
            "The desk is paused: exits only.",
        ),
        Action(
            "resume",
            "Resume trading",
            TradingState.ACTIVE,
            "From the next bar on bots may enter again, if every gate passes.",
            "Pause undoes it at once.",
            "The desk trades again.",
        ),
        Action(
            "kill",
            "Kill the desk",
            TradingState.HALTED,
            "Every working entry order is cancelled and no bot enters or exits by itself.",
            "Resume lets bots trade again; what was sold stays sold.",
            "The desk is halted.",
            is_dangerous=True,
        ),
    )
}


def bot_actions(bot: str) -> Mapping[str, Action]:
    """Return the same orders for one bot.

    Args:
        bot: its name in a sentence, such as ``breakout on BTC/USDT``.
    """
    actions = (
        Action(
            "pause",
            f"Pause {bot}",
            TradingState.PAUSED,
            "From the next bar on this bot does not enter. Its exits and stops go on as before.",
            "Resume undoes it at once.",
            f"Paused, exits only: {bot}.",
        ),
        Action(
            "resume",
            f"Resume {bot}",
            TradingState.ACTIVE,
            "From the next bar on this bot may enter again, if every gate passes and nothing "
            "wider is in force.",
            "Pause undoes it at once.",
            f"Trades again: {bot}.",
        ),
        Action(
            "kill",
            f"Kill {bot}",
            TradingState.HALTED,
            "Its working entry orders are cancelled and it enters or exits no more by itself.",
            "Resume lets it trade again; what was sold stays sold.",
            f"Halted: {bot}.",
            is_dangerous=True,
        ),
    )
    return {action.name: action for action in actions}
