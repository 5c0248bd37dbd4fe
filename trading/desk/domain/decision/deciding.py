"""One closed bar of one pair: every bot on it decides, and leaves exactly one record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from trading.base.domain.gates import GateResult, failed_outcome
from trading.base.domain.money import exact
from trading.base.domain.reasons import ExitReason, Gate, Outcome
from trading.desk.domain.decision.entries import Candidate, data_gates, decide_entries
from trading.desk.domain.decision.exits import Price, manage_position
from trading.desk.domain.decision.journal import Reading, pack_holding, pack_quiet, pack_record
from trading.desk.domain.decision.output import JournalRow, StepOutput
from trading.desk.domain.decision.state import BotState, DeskState, PairState
from trading.desk.domain.execution.orders import OrderPurpose
from trading.market.domain.bars import QUARANTINED, WARMUP, Bar
from trading.signals.domain.strategies.base import BUY, NONE

NO_TRIGGER: Final = int(Outcome.NO_TRIGGER)
HOLDING: Final = int(Outcome.HOLDING)
NO_BOTS: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class _Turn:
    """One bar of one pair while its bots decide."""

    state: DeskState
    pair: PairState
    bar: Bar
    out: StepOutput
    stopped: frozenset[int]  # bots whose stop was filled within the bar
    candidates: list[Candidate]


def decide_bar(state: DeskState, pair: PairState, bar: Bar, out: StepOutput) -> None:
    """Let every bot of the pair decide on the bar and leave its record in ``out``."""
    stopped = NO_BOTS
    if out.round_trips:
        trips = [trip for trip in out.round_trips if trip.exit_reason is ExitReason.STOP]
        stopped = frozenset(trip.bot_index for trip in trips)
    turn = _Turn(state, pair, bar, out, stopped, [])
    cooldown = state.policy.signals.gap_cooldown_bars
    is_plain = not bar.flags and not stopped and pair.bars_since_gap >= cooldown
    n_bars, values, signal = pair.n_bars, pair.bar, pair.out
    for index, bot, decide, view, params, kernel_state, min_bars in pair.slots:
        action = NONE
        if n_bars >= min_bars:
            action = decide(values, view, params, kernel_state, signal)
            if action == NONE and is_plain:
                row = _unmoved(turn, bot, index, min_bars)
                if row is not None:
                    out.journal.append(row)
                    continue
        _decide_bot(turn, bot, action)
    if turn.candidates:
        with exact():
            decide_entries(state, pair, turn.candidates, bar.flags, out)
        for c in turn.candidates:
            read = Reading(c.outcome, c.gates, BUY, c.conviction, c.hashed)
            _record(turn, c.bot, read)
        out.journal.sort()


def _unmoved(turn: _Turn, bot: BotState, index: int, min_bars: int) -> JournalRow | None:
    """Return the row of a bot that a plain bar without a signal leaves as it is, else None.

    The short way to what ``_decide_bot`` would write; nearly every bar of every bot ends here.
    """
    state, pair, bar = turn.state, turn.pair, turn.bar
    epoch, data_hash = state.epoch, pair.data_hash
    standing = bot.standing or bot.stand(epoch)
    hashed = data_hash ^ standing.account_hash
    if standing.is_idle:
        record = pack_quiet(pair.n_bars, min_bars, epoch, data_hash, hashed)
        return JournalRow(index, NO_TRIGGER, record)
    if (
        not standing.is_at_rest
        or not standing.is_held(bar.high, bar.close, turn.out.bar_time)
        or bot.is_flatten_ordered
        or (bot.ratchet_epoch != epoch and bot.stop is not None)
    ):
        return None
    bot.mark(standing.equity(bar.close))
    record = pack_holding(
        pair.n_bars, min_bars, pair.bars_since_gap, bot.policy.signals.gap_cooldown_bars, epoch,
        data_hash, hashed,
    )  # fmt: skip
    return JournalRow(index, HOLDING, record)


def _decide_bot(turn: _Turn, bot: BotState, action: int) -> None:
    state, pair, bar = turn.state, turn.pair, turn.bar
    standing = bot.stand(state.epoch)  # before anything changes
    hashed = pair.data_hash ^ standing.account_hash
    if bot.position is not None:
        bot.mark(standing.equity(bar.close), is_confirmed=not bar.flags & QUARANTINED)
    gates = data_gates(pair, bot, bar.flags)
    if bot.spec.index in turn.stopped:
        outcome = Outcome.STOP_FILLED
    elif bot.position is not None and bot.working(OrderPurpose.EXIT) is None:
        price = _trusted(bar)
        outcome, read = manage_position(state, pair, bot, action, price, turn.out)
        gates += read
    elif bot.orders:
        outcome = Outcome.ORDER_WORKING
    elif not gates[0].is_passed or bar.flags & WARMUP:
        outcome = failed_outcome(gates)
    elif action == BUY:
        strength, confidence = pair.out.tolist()
        turn.candidates.append(Candidate(bot, strength, confidence, hashed))
        return
    else:
        outcome = _flat_outcome(gates, action, pair)
    _record(turn, bot, Reading(outcome, gates, action, math.nan, hashed))


def _trusted(bar: Bar) -> Price:
    """Return the prices an exit looks at: an outlier's gain counts once a later bar confirms it."""
    if bar.flags & QUARANTINED:
        lower = min(bar.open, bar.close)
        return Price(lower, lower)
    return Price(bar.high, bar.close)


def _flat_outcome(gates: list[GateResult], action: int, pair: PairState) -> Outcome:
    """Return the reason of a bot that holds nothing and buys nothing; some gate has failed."""
    if action == NONE:
        gates.append(GateResult(Gate.TRIGGER, 0.0, 0.0, False, Outcome.NO_TRIGGER))
    else:
        gates.append(GateResult(Gate.TRIGGER, float(pair.out[0]), 0.0, True, Outcome.NO_TRIGGER))
        gates.append(GateResult(Gate.POSITION, 0.0, 0.0, False, Outcome.SELL_WITHOUT_POSITION))
    return failed_outcome(gates)


def _record(turn: _Turn, bot: BotState, reading: Reading) -> None:
    record = pack_record(reading, epoch=turn.state.epoch, data_hash=turn.pair.data_hash)
    turn.out.journal.append(JournalRow(bot.spec.index, int(reading.outcome), record))
