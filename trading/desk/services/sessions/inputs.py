"""What steers a session besides bars: find it, number it, let the core obey it.

The trading state of a bot is the worst of all scopes that cover it: desk, venue, chain, strategy,
bot. Only the newest order of each scope and name counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import TradingState
from trading.desk.domain.decision.core import DeskCore
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.policy import Policy
from trading.desk.models import BotRearm, SessionInput, TradingControl
from trading.desk.selectors.controls import rows_in_force
from trading.desk.services.config.policies import policy_digest, policy_dump, policy_load
from trading.desk.services.control.scopes import bots_covered

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
    if row.kind == SessionInput.Kind.REARM:
        return core.apply_rearm(payload["bots"])
    if row.kind == SessionInput.Kind.POLICY:
        return core.apply_policy(policy_load(payload["policy"]))
    if row.kind == SessionInput.Kind.CATCH_UP:
        return core.apply_catch_up(int(payload["through_seq"]), int(payload["now_ms"]))
    if row.kind == SessionInput.Kind.CLOCK:
        return core.apply_clock(float(payload["skew_s"]), float(payload["limit_s"]))
    if row.kind == SessionInput.Kind.END:
        return core.apply_end()
    raise InvariantError(f"input {row.n} was of unknown kind {row.kind!r}")


def policy_payload(state: DeskState, policy: Policy) -> dict[str, Any] | None:
    """Return the input that brings the session to ``policy``, or None when it is in force."""
    if policy_digest(policy) == policy_digest(state.policy):
        return None
    return {"policy": policy_dump(policy)}


def trading_states_payload(state: DeskState, session_id: int) -> dict[str, Any] | None:
    """Return the input that brings every bot under the operators' orders, or None."""
    wanted = trading_states(session_id, [bot.spec.index for bot in state.bots], rows_in_force())
    current = {bot.spec.index: (bot.trading_state, bot.is_flatten_ordered) for bot in state.bots}
    if wanted == current:
        return None
    return {"states": {str(i): [int(value), flatten] for i, (value, flatten) in wanted.items()}}


def trading_states(
    session_id: int, indexes: Iterable[int], orders: Iterable[TradingControl]
) -> States:
    """Return, by bot index, the worst state that covers it and whether to flatten."""
    result: States = dict.fromkeys(indexes, (TradingState.ACTIVE, False))
    for row in orders:
        ordered = TradingState(row.state), row.flatten
        if ordered[0] is TradingState.ACTIVE:
            continue
        covered = bots_covered(row.scope, row.name).filter(session_id=session_id)
        for index in covered.values_list("index", flat=True):
            result[index] = max(result[index], ordered)  # of two kills, the one that flattens
    return result


def rearm_payload(session_id: int) -> dict[str, Any] | None:
    """Return the input that lets bots count their drawdown anew, or None when none waits."""
    kind = SessionInput.Kind.REARM
    taken = SessionInput.objects.filter(session_id=session_id, kind=kind)
    done = [pk for payload in taken.values_list("payload", flat=True) for pk in payload["orders"]]
    waiting = BotRearm.objects.filter(bot__session_id=session_id).exclude(pk__in=done)
    rows = list(waiting.order_by("id").values_list("pk", "bot__index"))
    if not rows:
        return None
    return {"orders": [pk for pk, _ in rows], "bots": sorted({index for _, index in rows})}
