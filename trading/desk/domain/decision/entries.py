"""From a buy signal to an entry order, or to the reason why not; every gate is read every time.

The order of the gates is the order of the stations a bar passes: data, signal, forecast, bus
scheduler, risk; limits that all bots share come last. The first that fails names the outcome, the
record keeps them all. A bot whose rules leave the decision to its system passes only the gates on
data, gas, operator and cash.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.side import Side
from trading.desk.domain.decision.accounts import note_account
from trading.desk.domain.decision.forecasts import expected_return, forecast_for, forecast_gate
from trading.desk.domain.decision.orders import OrderDraft, submit_order
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import BotState, DeskState, PairState
from trading.desk.domain.execution.orders import OrderPurpose, OrderType
from trading.desk.domain.execution.sizing import NO_ENTRY, EntrySize, size_entry
from trading.desk.domain.policy import EntryGates, EntryOrder
from trading.desk.domain.risk.checks import (
    RiskContext,
    entry_gates,
    first_failure,
    limit_gates,
    needed_gates,
)
from trading.desk.domain.scheduling.bus import (
    BusScheduler,
    cooldown_gate,
    edge_gate,
    gas_gate,
    seat_gate,
    seats_taken,
    take_seats,
)
from trading.learning.domain.forecasting.sets import Forecast, Missing
from trading.market.domain.bars import CLOSE, QUARANTINED, WARMUP, to_decimal
from trading.market.domain.freshness import age_limit_s, bar_age_s
from trading.signals.domain.proposals import Proposal, conviction, signal_gates

BPS: Final = 10_000.0
SHARED: Final = frozenset({Gate.POSITIONS, Gate.EXPOSURE, Gate.SEAT})
_GOOD_BAR: Final = GateResult(Gate.BAR_QUALITY, 0.0, 0.0, True, Outcome.BAR_QUARANTINED)
_HISTORY_BAR: Final = (GateResult(Gate.STARTED, 0.0, 1.0, False, Outcome.WARMING_UP),)
_QUARANTINED_BAR: Final = GateResult(Gate.BAR_QUALITY, 1.0, 0.0, False, Outcome.BAR_QUARANTINED)


@dataclass(slots=True)
class Candidate:
    """One buy signal on its way through the gates; ``flags`` are those of its bar."""

    pair: PairState
    bot: BotState
    flags: int
    strength: float
    confidence: float
    hashed: int  # of everything the decision looks at
    conviction: float = math.nan
    forecast: Forecast | Missing = Missing.NOT_ASKED
    size: EntrySize | None = None
    gates: list[GateResult] = field(default_factory=list)
    outcome: Outcome = Outcome.ENTRY_ORDERED


def data_gates(pair: PairState, bot: BotState, flags: int) -> list[GateResult]:
    """Return the verdicts on the data itself: warm, since the start, trusted, no fresh gap.

    Only a bar from before the start has the gate on that, and it fails.
    """
    n_bars, n_gap, min_bars = pair.n_bars, pair.bars_since_gap, bot.min_bars
    cooldown = bot.policy.signals.gap_cooldown_bars
    return [
        GateResult(Gate.WARM, n_bars, min_bars, n_bars >= min_bars, Outcome.WARMING_UP),
        *(_HISTORY_BAR if flags & WARMUP else ()),
        _QUARANTINED_BAR if flags & QUARANTINED else _GOOD_BAR,
        GateResult(Gate.GAP, n_gap, cooldown, n_gap >= cooldown, Outcome.GAP_COOLDOWN),
    ]


def decide_entries(state: DeskState, candidates: list[Candidate], out: StepOutput) -> None:
    """Pass the candidates of all pairs through all gates and order what fits, the best first.

    What bots share (seats, open positions, exposure) is read again before each order, so that no
    order of a bar time overlooks the one before it. Bots that answer to their system alone are not
    held against it; they go first, because what they order counts for the others.
    """
    for candidate in candidates:
        _evaluate(state, candidate, out)
    clear = [c for c in candidates if first_failure(_own(c)) is None]
    for candidate in clear:
        if _is_free(candidate.bot):
            _order(state, candidate, out)
    asking = {c.bot.spec.index: c for c in clear if not _is_free(c.bot)}
    for equals in BusScheduler.queue([_proposal(c, out) for c in asking.values()]):
        _serve(state, [asking[p.bot_index] for p in equals], out)
    for candidate in candidates:
        failure = first_failure(candidate.gates)
        candidate.outcome = Outcome.ENTRY_ORDERED if failure is None else failure.outcome


def _own(candidate: Candidate) -> list[GateResult]:
    return [result for result in candidate.gates if result.gate not in SHARED]


def _serve(state: DeskState, equals: list[Candidate], out: StepOutput) -> None:
    """Order the entries of these equals where there is room for all of them, else none.

    Exposure is counted per currency, so equals of another currency stand or fall by themselves.
    """
    for candidate in equals:  # all are read before any is ordered
        together = _limits(state, candidate, equals, out)
        alone = _limits(state, candidate, [candidate], out)
        candidate.gates = _own(candidate) + [
            one._replace(outcome=Outcome.EQUAL_PROPOSALS) if single.is_passed else one
            for one, single in zip(together, alone, strict=True)
        ]
    served = [candidate for candidate in equals if first_failure(candidate.gates) is None]
    for candidate in served:
        _order(state, candidate, out)
    if served:
        take_seats(state.seats, out.bar_time, len(served))


def _limits(
    state: DeskState, candidate: Candidate, equals: list[Candidate], out: StepOutput
) -> list[GateResult]:
    policy = candidate.bot.policy
    context = _risk_context(state, candidate, equals, out)
    return [
        *limit_gates(context, policy.risk),
        seat_gate(seats_taken(state.seats, out.bar_time) + len(equals), policy.scheduling),
    ]


def _evaluate(state: DeskState, candidate: Candidate, out: StepOutput) -> None:
    pair, bot, policy = candidate.pair, candidate.bot, candidate.bot.policy
    candidate.conviction = conviction(candidate.strength, candidate.confidence, policy.signals)
    candidate.forecast = forecast_for(
        state.shelf, pair.name, policy.forecast, step_ms=state.step_ms, bar_time=out.bar_time
    )
    candidate.size = _size(pair, bot)
    gates = data_gates(pair, bot, candidate.flags)
    gates.append(
        GateResult(
            Gate.TRIGGER, candidate.strength, 0.0, candidate.strength > 0, Outcome.NO_TRIGGER
        )
    )
    if not _is_free(bot):
        gates += _desk_gates(candidate, candidate.size)
    if state.clock_skew_s:
        skew, limit = abs(state.clock_skew_s), state.clock_limit_s
        gates.append(GateResult(Gate.CLOCK, skew, limit, False, Outcome.CLOCK_SKEWED))
    if pair.instrument.chain is not None:
        gates.append(
            gas_gate(bot.native_balance, policy.scheduling, policy.execution.gas_per_swap_native)
        )
    context = _risk_context(state, candidate, [candidate], out)
    if _is_free(bot):
        gates += needed_gates(context, policy.risk)
    else:
        gates.append(cooldown_gate(pair.n_bars - bot.exit_bar, policy.scheduling))
        gates += entry_gates(context, policy.risk)
    candidate.gates = gates


def _is_free(bot: BotState) -> bool:
    return bot.spec.rules.gates is EntryGates.SYSTEM


def _size(pair: PairState, bot: BotState) -> EntrySize:
    close, atr, stops = float(pair.bar[CLOSE]), float(pair.core_view[0]), bot.policy.stops
    distance = stops.atr_multiple * atr if stops.enabled else close * stops.emergency_pct / 100
    return size_entry(
        equity=to_decimal(bot.equity),
        cash=bot.cash,
        price=to_decimal(close),
        stop_distance=distance,
        risk=bot.policy.risk,
        execution=bot.policy.execution,
        instrument=pair.instrument,
        costs=pair.costs_of(bot.spec.index),
    )


def _desk_gates(candidate: Candidate, size: EntrySize) -> list[GateResult]:
    pair, bot, policy = candidate.pair, candidate.bot, candidate.bot.policy
    close, atr, stops = float(pair.bar[CLOSE]), float(pair.core_view[0]), policy.stops
    target = (stops.target_multiple or stops.trail_atr_multiple) * atr / close * BPS
    cost_bps = pair.costs_of(bot.spec.index).round_trip_bps(size.notional)
    return [
        *signal_gates(candidate.strength, candidate.confidence, policy.signals),
        forecast_gate(candidate.forecast, Side.BUY, policy.forecast),
        edge_gate(target, cost_bps, policy.scheduling),
    ]


def _risk_context(
    state: DeskState, candidate: Candidate, equals: list[Candidate], out: StepOutput
) -> RiskContext:
    """Return what the limits look at if all of ``equals``, the candidate among them, entered."""
    pair, bot, risk = candidate.pair, candidate.bot, candidate.bot.policy.risk
    quote = pair.instrument.pair.quote
    exposure, equity, n_open = [], [], 0  # summed exactly: the order of the bots decides nothing
    for other in state.bots:
        market = state.pairs[other.spec.pair]
        held = float(other.position.quantity) if other.position is not None else 0.0
        entry = other.working(OrderPurpose.ENTRY)
        coming = float(entry.remaining) if entry is not None else 0.0
        n_open += bool(held or coming)
        if market.instrument.pair.quote == quote:  # others cannot be added
            equity.append(other.equity)
            exposure.append((held + coming) * market.last_close)
    return RiskContext(
        trading_state=bot.trading_state,
        n_open_positions=n_open,
        exposure=math.fsum(exposure),
        session_equity=math.fsum(equity),
        bot_equity=bot.equity,
        bot_peak_equity=bot.peak_equity,
        bot_day_equity=bot.day_equity,
        bars_since_loss_streak=pair.n_bars - bot.streak_bar,
        cash=float(bot.cash),
        notional=_notional(candidate),
        min_notional=float(pair.instrument.min_notional),
        bar_age_s=bar_age_s(out.bar_time, state.stale_now_ms) if state.is_late(out.seq) else 0.0,
        bar_age_limit_s=age_limit_s(state.step_ms, risk.max_bar_age_bars, risk.max_bar_age_s),
        n_equal=len(equals),
        others_notional=math.fsum(
            _notional(other)
            for other in equals
            if other is not candidate and other.pair.instrument.pair.quote == quote
        ),
    )


def _notional(candidate: Candidate) -> float:
    return float(candidate.size.notional) if candidate.size is not None else 0.0


def _proposal(candidate: Candidate, out: StepOutput) -> Proposal:
    pair, bot, size = candidate.pair, candidate.bot, candidate.size or NO_ENTRY
    bankroll = float(bot.spec.bankroll)
    return Proposal(
        bot_index=bot.spec.index,
        side=Side.BUY,
        strength=candidate.strength,
        confidence=candidate.confidence,
        conviction=candidate.conviction,
        reference_price=float(pair.bar[CLOSE]),
        atr=float(pair.core_view[0]),
        bar_time=out.bar_time,
        cost_bps=pair.costs_of(bot.spec.index).round_trip_bps(size.notional),
        bars_rested=pair.n_bars - bot.exit_bar,
        equity_ratio=bot.equity / bankroll,
        notional_ratio=float(size.notional) / bankroll,
    )


def _order(state: DeskState, candidate: Candidate, out: StepOutput) -> None:
    pair, bot, execution = candidate.pair, candidate.bot, candidate.bot.policy.execution
    assert candidate.size is not None  # noqa: S101 - _evaluate sized every candidate
    bot.entry_atr = float(pair.core_view[0])
    bot.entry_conviction = candidate.conviction
    bot.entry_forecast = expected_return(candidate.forecast)
    note_account(bot, out)
    is_limit = execution.entry_order is EntryOrder.LIMIT
    price = pair.instrument.round_price(to_decimal(float(pair.bar[CLOSE])), buying=True)
    draft = OrderDraft(
        side=Side.BUY,
        type=OrderType.LIMIT if is_limit else OrderType.MARKET,
        purpose=OrderPurpose.ENTRY,
        quantity=candidate.size.quantity,
        limit_price=price if is_limit else None,
        reason=bot.spec.strategy.name,
        expires_bar_time=(
            out.bar_time + execution.limit_ttl_bars * state.step_ms if is_limit else None
        ),
        spend=candidate.size.spend,
        budget=bot.cash if candidate.size.spend is None else None,
    )
    submit_order(state, pair, bot, draft, out)
