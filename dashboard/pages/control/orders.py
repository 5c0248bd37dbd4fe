"""What an operator can order, for the desk or for one bot, in words: before, after, and undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from trading.base.domain.reasons import TradingState

REARM: Final = "rearm"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an operator can order; ``state`` is what it leads to, None for none of its own."""

    name: str
    title: str
    state: TradingState | None
    effect: str
    undo: str
    done: str
    is_dangerous: bool = False


def _by_name(*actions: Action) -> Mapping[str, Action]:
    return {action.name: action for action in actions}


DESK_ACTIONS: Final[Mapping[str, Action]] = _by_name(
    Action(
        "pause",
        "Pause the desk",
        TradingState.PAUSED,
        "Working entry orders are cancelled, and from the next bar on no bot enters. Exits and "
        "stops go on as before.",
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
        "Only “Lift kill” lets bots trade again; what was sold stays sold.",
        "The desk is halted.",
        is_dangerous=True,
    ),
    Action(
        "unkill",
        "Lift the kill",
        None,
        "From the next bar on what was in force before the kill counts again: trading, or a pause "
        "that nobody has resumed. Make sure that the reason for the kill is gone.",
        "Kill halts the desk again.",
        "The kill is lifted.",
        is_dangerous=True,
    ),
)


def bot_actions(bot: str) -> Mapping[str, Action]:
    """Return the same orders for one bot, and the one that only a bot can be given.

    Args:
        bot: its name in a sentence, such as ``breakout on BTC/USDT``.
    """
    pause = Action(
        "pause",
        f"Pause {bot}",
        TradingState.PAUSED,
        "Its working entry orders are cancelled, and from the next bar on it does not enter. "
        "Its exits and stops go on as before.",
        "Resume undoes it at once.",
        f"Paused, exits only: {bot}.",
    )
    resume = Action(
        "resume",
        f"Resume {bot}",
        TradingState.ACTIVE,
        "From the next bar on this bot may enter again, if every gate passes and nothing wider is "
        "in force.",
        "Pause undoes it at once.",
        f"Trades again: {bot}.",
    )
    return _by_name(pause, resume, *_grave_actions(bot))


def _grave_actions(bot: str) -> tuple[Action, ...]:
    kill = Action(
        "kill",
        f"Kill {bot}",
        TradingState.HALTED,
        "Its working entry orders are cancelled and it enters or exits no more by itself.",
        "Only “Lift kill” lets it trade again; what was sold stays sold.",
        f"Halted: {bot}.",
        is_dangerous=True,
    )
    unkill = Action(
        "unkill",
        f"Lift the kill of {bot}",
        None,
        "From the next bar on what was in force for it before the kill counts again, if nothing "
        "wider is in force.",
        "Kill halts it again.",
        f"The kill is lifted: {bot}.",
        is_dangerous=True,
    )
    rearm = Action(
        REARM,
        f"Re-arm {bot}",
        None,
        "Its drawdown has reached the limit, so it enters no more. Re-armed, the drawdown counts "
        "from its equity now, and from the next bar on it may enter, and lose, again.",
        "Pause stops its entries again.",
        f"Re-armed: {bot}.",
        is_dangerous=True,
    )
    return kill, unkill, rearm
