"""The closed bars of one time: every bot of their pairs decides, and leaves exactly one record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trading.base.domain.gates import GateResult, failed_outcome
from trading.base.domain.money import exact
from trading.base.domain.reasons import ExitReason, Gate, Outcome
from trading.desk.domain.decision.entries import Candidate, data_gates, decide_entries
from trading.desk.domain.decision.exits import Price, manage_position
from trading.desk.domain.decision.journal import Reading, pack_holding, pack_quiet, pack_record
from trading.desk.domain.decision.output import JournalRow, StepOutput
from trading.desk.domain.decision.standing import Standing
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
    stopped: frozenset[int]  # bots of the pair whose stop was filled within the bar
    candidates: list[Candidate]  # of all pairs


def decide_bars(state: DeskState, bars: Sequence[tuple[PairState, Bar]], out: StepOutput) -> None:
    """Let every bot of the pairs decide on their bars of one time and leave its record in ``out``.

    Positions are managed first, pair by pair; then the entries that bots of all pairs propose
    compete with each other.
    """
    stopped = _stopped(state, out) if out.effects else {}
    candidates: list[Candidate] = []
    for pair, bar in bars:
        _decide_pair(_Turn(state, pair, bar, out, stopped.get(pair.name, NO_BOTS), candidates))
    if candidates:
        with exact():
            decide_entries(state, candidates, out)
        for c in candidates:
            read = Reading(c.outcome, c.gates, BUY, c.conviction, c.hashed)
            _record(state, c.pair, c.bot, read, out)
        out.journal.sort()


def _stopped(state: DeskState, out: StepOutput) -> dict[str, frozenset[int]]:
    """Return by pair the bots whose stop was filled within the step's bars."""
    found: dict[str, frozenset[int]] = {}
    for trip in out.round_trips:
        if trip.exit_reason is ExitReason.STOP:
            name = state.bots[trip.bot_index].spec.pair
            found[name] = found.get(name, NO_BOTS) | {trip.bot_index}
    return found


def _decide_pair(turn: _Turn) -> None:
    state, pair, bar, journal = turn.state, turn.pair, turn.bar, turn.out.journal
    epoch, data_hash, n_bars = state.epoch, pair.data_hash, pair.n_bars
    cooldown = state.policy.signals.gap_cooldown_bars
    is_plain = not bar.flags and not turn.stopped and pair.bars_since_gap >= cooldown
    values, signal = pair.bar, pair.out
    for index, bot, decide, view, params, kernel_state, min_bars in pair.slots:
        action = NONE
        if n_bars >= min_bars:
            action = decide(values, view, params, kernel_state, signal)
            if action == NONE and is_plain:
                # the short way to what _decide_bot would write; nearly every bar ends here
                standing = bot.standing or bot.stand(epoch)
                hashed = data_hash ^ standing.account_hash
                if standing.is_idle:
                    record = pack_quiet(n_bars, min_bars, epoch, data_hash, hashed)
                    journal.append(JournalRow(index, NO_TRIGGER, record))
                    continue
                if _is_held(turn, bot, standing):
                    bot.mark(standing.equity(bar.close))
                    record = pack_holding(
                        n_bars, min_bars, pair.bars_since_gap,
                        bot.policy.signals.gap_cooldown_bars, epoch, data_hash, hashed,
                    )  # fmt: skip
                    journal.append(JournalRow(index, HOLDING, record))
                    continue
        _decide_bot(turn, bot, action)


def _is_held(turn: _Turn, bot: BotState, standing: Standing) -> bool:
    """Return whether a plain bar without a signal leaves the bot's position as it is."""
    return (
        standing.is_at_rest
        and standing.is_held(turn.bar.high, turn.bar.close, turn.out.bar_time)
        and not bot.is_flatten_ordered
        and (bot.ratchet_epoch == turn.state.epoch or bot.stop is None)
    )


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
        turn.candidates.append(Candidate(pair, bot, bar.flags, strength, confidence, hashed))
        return
    else:
        outcome = _flat_outcome(gates, action, pair)
    _record(state, pair, bot, Reading(outcome, gates, action, math.nan, hashed), turn.out)


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


def _record(
    state: DeskState, pair: PairState, bot: BotState, reading: Reading, out: StepOutput
) -> None:
    record = pack_record(reading, epoch=state.epoch, data_hash=pair.data_hash)
    out.journal.append(JournalRow(bot.spec.index, int(reading.outcome), record))
