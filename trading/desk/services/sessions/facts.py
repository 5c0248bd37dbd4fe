"""The facts a session is told besides bars: find them, number them, let the core obey them.

The trading state of a bot is the worst of all scopes that cover it: desk, venue, chain, strategy,
bot. Only the newest order of each scope and name counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import TradingState
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.facts import STEERING, FactKind
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.policy import Policy
from trading.desk.models import BotRearm, SessionFact, TradingControl
from trading.desk.selectors.controls import rows_in_force
from trading.desk.services.config.policies import policy_digest, policy_dump, policy_recall
from trading.desk.services.control.scopes import bots_covered
from trading.desk.services.execution.reports import reports_load
from trading.desk.services.sessions.instruments import instruments_load
from trading.learning.services.forecasting.recording import run_recorded

States = dict[int, tuple[TradingState, bool]]
Apply = Callable[[DeskDriver, SessionFact], StepOutput]


def fact_apply(driver: DeskDriver, row: SessionFact) -> StepOutput:
    """Let one recorded fact count and return what it changed.

    Raises:
        InvariantError: facts come out of order, or of a kind that cannot come here.
    """
    state = driver.state
    if row.n != state.facts_n + 1:
        raise InvariantError(f"fact {row.n} came after {state.facts_n}")
    apply = _APPLY.get(row.kind)
    if apply is None:
        raise InvariantError(f"fact {row.n} was of kind {row.kind!r}, which nothing applies")
    out = apply(driver, row)
    if row.kind not in STEERING:
        state.facts_n = row.n
    return out


def _code(driver: DeskDriver, _row: SessionFact) -> StepOutput:
    return driver.core.apply_code()


def _instruments(driver: DeskDriver, row: SessionFact) -> StepOutput:
    return driver.obey_instruments(instruments_load(row.payload["instruments"]))


def _policy(driver: DeskDriver, row: SessionFact) -> StepOutput:
    return driver.core.apply_policy(policy_recall(row.payload["policy"])[0])


def _trading_states(driver: DeskDriver, row: SessionFact) -> StepOutput:
    states: Mapping[str, Any] = row.payload["states"]
    return driver.core.apply_trading_states(
        {int(index): (TradingState(value[0]), bool(value[1])) for index, value in states.items()}
    )


def _rearm(driver: DeskDriver, row: SessionFact) -> StepOutput:
    return driver.core.apply_rearm(row.payload["bots"])


def _catch_up(driver: DeskDriver, row: SessionFact) -> StepOutput:
    payload = row.payload
    return driver.core.apply_catch_up(int(payload["through_seq"]), int(payload["now_ms"]))


def _clock(driver: DeskDriver, row: SessionFact) -> StepOutput:
    return driver.core.apply_clock(float(row.payload["skew_s"]), float(row.payload["limit_s"]))


def _absent(driver: DeskDriver, row: SessionFact) -> StepOutput:
    driver.core.apply_absent(row.payload["pairs"])
    return driver.core.between_bars()


def _forecasts(driver: DeskDriver, row: SessionFact) -> StepOutput:
    driver.core.apply_forecasts(run_recorded(bytes(row.data)))
    return driver.core.between_bars()


def _report(driver: DeskDriver, row: SessionFact) -> StepOutput:
    return driver.core.apply_reports(reports_load(row.payload["reports"]))


def _end(driver: DeskDriver, _row: SessionFact) -> StepOutput:
    return driver.core.apply_end()


_APPLY: Final[dict[str, Apply]] = {
    FactKind.CODE: _code,
    FactKind.INSTRUMENTS: _instruments,
    FactKind.POLICY: _policy,
    FactKind.TRADING_STATE: _trading_states,
    FactKind.REARM: _rearm,
    FactKind.CATCH_UP: _catch_up,
    FactKind.CLOCK: _clock,
    FactKind.ABSENT: _absent,
    FactKind.FORECASTS: _forecasts,
    FactKind.REPORT: _report,
    FactKind.END: _end,
}


def policy_payload(state: DeskState, policy: Policy) -> dict[str, Any] | None:
    """Return the fact that brings the session to ``policy``, or None when it is in force."""
    if policy_digest(policy) == policy_digest(state.policy):
        return None
    return {"policy": policy_dump(policy)}


def trading_states_payload(state: DeskState, session_id: int) -> dict[str, Any] | None:
    """Return the fact that brings every bot under the operators' orders, or None."""
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
    """Return the fact that lets bots count their drawdown anew, or None when none waits."""
    kind = FactKind.REARM
    taken = SessionFact.objects.filter(session_id=session_id, kind=kind)
    done = [pk for payload in taken.values_list("payload", flat=True) for pk in payload["orders"]]
    waiting = BotRearm.objects.filter(bot__session_id=session_id).exclude(pk__in=done)
    rows = list(waiting.order_by("id").values_list("pk", "bot__index"))
    if not rows:
        return None
    return {"orders": [pk for pk, _ in rows], "bots": sorted({index for _, index in rows})}
