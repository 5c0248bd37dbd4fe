"""What steers a session besides bars: find it, number it, let the core obey it.

The trading state of a bot is the worst of all scopes that cover it: desk, venue, chain, strategy,
bot. Only the newest order of each scope and name counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading.domain.desk.core import DeskCore
from trading.domain.desk.output import StepOutput
from trading.domain.desk.state import BotState, DeskState
from trading.domain.errors import InvariantError
from trading.domain.policy import Policy
from trading.domain.reasons import TradingState
from trading.models import SessionInput, TradingControl
from trading.services.desk_config.policies import policy_digest, policy_dump, policy_load

States = dict[int, tuple[TradingState, bool]]


def input_apply(core: DeskCore, row: SessionInput) -> StepOutput:
    """Let one recorded input count and return what it changed.

    Raises:
        InvariantError: inputs come out of order, or of a kind this code does not know.
    """
    if row.n != core.state.epoch + 1:
        raise InvariantError(f"input {row.n} came after {core.state.epoch}")
    payload = row.payload
    if row.kind == SessionInput.Kind.TRADING_STATE:
        return core.apply_trading_states(
            {
                int(index): (TradingState(value[0]), bool(value[1]))
                for index, value in payload["states"].items()
            }
        )
    if row.kind == SessionInput.Kind.POLICY:
        return core.apply_policy(policy_load(payload["policy"]))
    if row.kind == SessionInput.Kind.CATCH_UP:
        return core.apply_catch_up(int(payload["through_seq"]), float(payload["age_s"]))
    raise InvariantError(f"input {row.n} was of unknown kind {row.kind!r}")


def policy_payload(state: DeskState, policy: Policy) -> dict[str, Any] | None:
    """Return the input that brings the session to ``policy``, or None when it is in force."""
    if policy_digest(policy) == policy_digest(state.policy):
        return None
    return {"policy": policy_dump(policy)}


def trading_states_payload(state: DeskState, venue: str) -> dict[str, Any] | None:
    """Return the input that brings every bot under the operator's orders, or None."""
    wanted = trading_states(state, venue, controls_in_force())
    current = {bot.spec.index: (bot.trading_state, bot.is_flatten_ordered) for bot in state.bots}
    if wanted == current:
        return None
    return {"states": {str(i): [int(value), flatten] for i, (value, flatten) in wanted.items()}}


def controls_in_force() -> list[TradingControl]:
    """Return the newest order of every scope and name."""
    newest: dict[tuple[str, str], TradingControl] = {}
    for row in TradingControl.objects.order_by("id"):
        newest[row.scope, row.name] = row
    return list(newest.values())


def trading_states(state: DeskState, venue: str, controls: Sequence[TradingControl]) -> States:
    """Return, by bot index, the worst state that covers it and whether to flatten."""
    result: States = {}
    for bot in state.bots:
        covering = [row for row in controls if _covers(row, bot, state, venue)]
        worst = max((TradingState(row.state) for row in covering), default=TradingState.ACTIVE)
        is_halted = worst is TradingState.HALTED
        flatten = is_halted and any(row.flatten for row in covering if row.state == worst)
        result[bot.spec.index] = (worst, flatten)
    return result


def _covers(row: TradingControl, bot: BotState, state: DeskState, venue: str) -> bool:
    scope = TradingControl.Scope
    names = {
        scope.DESK: row.name,
        scope.VENUE: venue,
        scope.CHAIN: state.pairs[bot.spec.pair].instrument.chain or "",
        scope.STRATEGY: bot.spec.strategy.name,
        scope.BOT: f"{bot.spec.pair} {bot.spec.strategy.name}",
    }
    return names[scope(row.scope)] == row.name
