"""Hold an entry against every risk limit, and let exits pass.

All gates are read every time, never only up to the first that fails, because the journal shows an
operator all of them. A figure that is missing (NaN) or makes no sense fails its gate: new risk
needs evidence. Exits reduce risk and are refused only when the operator halted the desk and did
not ask to flatten.

Source: platform specification, conventions ("fail closed"), 1.2 R11; desk specification 12 R14.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome, TradingState
from trading.desk.domain.policy import RiskPolicy

PERCENT: Final = 100.0
_STATE_OUTCOME: Final = {
    TradingState.ACTIVE: Outcome.DESK_PAUSED,  # unused: the gate passes
    TradingState.PAUSED: Outcome.DESK_PAUSED,
    TradingState.REDUCING: Outcome.DESK_REDUCING,
    TradingState.HALTED: Outcome.DESK_HALTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskContext:
    """What the limits look at, at the close the entry is decided on; NaN for what is not known.

    Attributes:
        trading_state: the worst of all scopes that cover the bot.
        n_open_positions: of the session, entries on their way included.
        exposure: value of those in the bot's quote currency, other currencies left out.
        session_equity: of the session's bots of that currency, quote.
        bot_equity: quote, savings included. bot_peak_equity: its highest so far.
        bot_day_equity: at midnight UTC.
        bars_since_loss_streak: bars since the last run of losses ended.
        cash: the bot's free cash, quote. notional: value of the entry, quote.
        min_notional: least order value the instrument allows, quote.
        n_equal: entries that stand or fall together; usually this one.
        others_notional: value of the others of them in the bot's currency, quote.
        bar_age_s: how late the bar was seen; 0 where the feed follows no venue.
        bar_age_limit_s: the oldest it may be, see ``market.freshness``.
    """

    trading_state: TradingState
    n_open_positions: int
    exposure: float
    session_equity: float
    bot_equity: float
    bot_peak_equity: float
    bot_day_equity: float
    bars_since_loss_streak: int
    cash: float
    notional: float
    min_notional: float
    bar_age_s: float | None
    bar_age_limit_s: float
    n_equal: int = 1
    others_notional: float = 0.0


def entry_gates(context: RiskContext, policy: RiskPolicy) -> tuple[GateResult, ...]:
    """Return the verdict of every risk gate on an entry, in the order of ``Gate``."""
    loss_today = _loss_pct(context.bot_equity, context.bot_day_equity)
    drawdown = _loss_pct(context.bot_equity, context.bot_peak_equity)
    n_bars = context.bars_since_loss_streak
    age = math.nan if context.bar_age_s is None else context.bar_age_s
    cooldown = policy.loss_streak_cooldown_bars
    # a comparison with NaN is False, so what is missing fails
    return (
        _state_gate(context.trading_state),
        *limit_gates(context, policy),
        _below(Gate.DAILY_LOSS, loss_today, policy.daily_loss_pct, Outcome.DAILY_LOSS_LIMIT),
        _below(Gate.DRAWDOWN, drawdown, policy.max_drawdown_pct, Outcome.DRAWDOWN_LIMIT),
        GateResult(
            Gate.LOSS_STREAK, n_bars, cooldown, n_bars >= cooldown, Outcome.LOSS_STREAK_COOLDOWN
        ),
        _at_least(
            Gate.MIN_NOTIONAL, context.notional, context.min_notional, Outcome.BELOW_MIN_NOTIONAL
        ),
        _at_least(Gate.CASH, context.cash, context.notional, Outcome.INSUFFICIENT_CASH),
        _at_most(Gate.FRESHNESS, age, context.bar_age_limit_s, Outcome.STALE_DATA),
    )


def limit_gates(context: RiskContext, policy: RiskPolicy) -> tuple[GateResult, GateResult]:
    """Return the verdicts of the limits all bots share: open positions and exposure.

    Every order uses some of them up, so they are read again before each.
    """
    n_open, most = context.n_open_positions + context.n_equal - 1, policy.max_open_positions
    wanted = context.exposure + context.notional + context.others_notional
    exposure = _percent(wanted, context.session_equity)
    return (
        GateResult(Gate.POSITIONS, n_open, most, n_open < most, Outcome.MAX_POSITIONS),
        _at_most(Gate.EXPOSURE, exposure, policy.max_exposure_pct, Outcome.EXPOSURE_LIMIT),
    )


def needed_gates(context: RiskContext, policy: RiskPolicy) -> tuple[GateResult, ...]:
    """Return the risk gates no bot is let off: operator, smallest order, cash, fresh bars."""
    needed = (Gate.TRADING_STATE, Gate.MIN_NOTIONAL, Gate.CASH, Gate.FRESHNESS)
    return tuple(result for result in entry_gates(context, policy) if result.gate in needed)


def exit_gates(state: TradingState, *, flatten: bool) -> tuple[GateResult, ...]:
    """Return the verdict on an exit: refused only when halted without the order to flatten."""
    is_passed = state is not TradingState.HALTED or flatten
    limit = TradingState.HALTED if flatten else TradingState.REDUCING
    return (GateResult(Gate.TRADING_STATE, state, limit, is_passed, Outcome.DESK_HALTED),)


def first_failure(results: Iterable[GateResult]) -> GateResult | None:
    """Return the first gate that failed, None when all passed; it names the outcome."""
    return next((result for result in results if not result.is_passed), None)


def _state_gate(state: TradingState) -> GateResult:
    is_active = state is TradingState.ACTIVE
    return GateResult(
        Gate.TRADING_STATE, state, TradingState.ACTIVE, is_active, _STATE_OUTCOME[state]
    )


def _percent(part: float, whole: float) -> float:
    return part / whole * PERCENT if 0 < whole < math.inf else math.nan


def _loss_pct(now: float, before: float) -> float:
    if not before > 0:
        return math.nan
    loss = (before - now) / before * PERCENT
    return loss if not loss < 0 else 0.0  # keeps NaN


def _at_most(gate: Gate, observed: float, limit: float, outcome: Outcome) -> GateResult:
    return GateResult(gate, observed, limit, 0 <= observed <= limit, outcome)


def _below(gate: Gate, observed: float, limit: float, outcome: Outcome) -> GateResult:
    return GateResult(gate, observed, limit, 0 <= observed < limit, outcome)


def _at_least(gate: Gate, observed: float, limit: float, outcome: Outcome) -> GateResult:
    is_passed = observed >= limit and 0 < observed < math.inf
    return GateResult(gate, observed, limit, is_passed, outcome)
