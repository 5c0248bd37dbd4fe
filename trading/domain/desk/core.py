"""The decision core: state and one closed bar in, decisions, rows and orders out.

Replay, ghost and live run this same code; it knows no clock, no database and no venue. A step is

1. book what the venue reported up to this bar,
2. take the bar into the pair's memory (ring buffer, shared features, data hash),
3. let every bot on the pair decide: manage its position, or look for an entry,
4. write one journal record per bot and chain the run's digest.

Operators' orders (policy, trading state) come in through ``apply_input`` between two bars and are
numbered by the epoch that every record carries.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

from trading.domain.desk.accounts import apply_reports, cancel_order
from trading.domain.desk.entries import Candidate, data_gates, decide_entries
from trading.domain.desk.exits import Price, manage_position, order_exit
from trading.domain.desk.journal import (
    Reading,
    chain_bar,
    chain_digest,
    pack_holding,
    pack_quiet,
    pack_record,
)
from trading.domain.desk.output import JournalRow, StepOutput
from trading.domain.desk.state import LONG_AGO, BotState, DeskState, PairState
from trading.domain.errors import InvariantError
from trading.domain.execution.orders import ExecutionReport, OrderPurpose
from trading.domain.gates import GateResult, failed_outcome
from trading.domain.market.bars import QUARANTINED, WARMUP, Bar
from trading.domain.market.timeframes import MS_PER_DAY
from trading.domain.money import exact, total
from trading.domain.policy import Policy
from trading.domain.reasons import ExitReason, Gate, Outcome, TradingState
from trading.domain.signals.strategies.base import BUY, NONE

NO_TRIGGER: Final = int(Outcome.NO_TRIGGER)
HOLDING: Final = int(Outcome.HOLDING)
NO_BOTS: Final[frozenset[int]] = frozenset()
EQUITY_EVERY_BARS: Final = 3


class DeskCore:
    """One session's state and the steps that change it."""

    def __init__(self, state: DeskState) -> None:
        self.state = state
        self._last_pair = state.pairs[max(state.pairs)]

    def step(
        self, seq: int, pair_name: str, bar: Bar, reports: list[ExecutionReport]
    ) -> StepOutput:
        """Decide on one closed bar.

        Args:
            seq: stream sequence number, greater than that of the step before.
            pair_name: pair of the bar; bars of pairs without bots only move the sequence.
            bar: closed, after the pair's bar before it.
            reports: what the venue reported up to and including this bar, oldest first.

        Raises:
            InvariantError: the sequence does not grow.
        """
        state = self.state
        if seq <= state.seq:
            raise InvariantError(f"step {seq} came after {state.seq}")
        state.seq = seq
        out = StepOutput(seq, pair_name, bar.open_time, bar.open_time + state.step_ms)
        pair = state.pairs.get(pair_name)
        if pair is None:
            return out
        if reports:
            apply_reports(state, pair, reports, out)
        _take_bar(state, pair, bar)
        _decide(state, pair, bar, out)
        state.digest = chain_digest(state.digest, seq, [row[2] for row in out.journal])
        state.n_decisions += len(out.journal)
        if pair is self._last_pair and out.bar_time % (EQUITY_EVERY_BARS * state.step_ms) == 0:
            out.equity = session_equity(state)
        return out

    def apply_reports(self, pair_name: str, reports: list[ExecutionReport]) -> StepOutput:
        """Book reports that arrive between two bars (an acceptance, a confirmed cancel)."""
        state = self.state
        pair = state.pairs[pair_name]
        out = _between_bars(state, pair.last_open_time)
        apply_reports(state, pair, reports, out)
        return out

    def apply_policy(self, policy: Policy) -> StepOutput:
        """Let another policy count from the next bar on."""
        self.state.obey(policy)
        return self._next_epoch()

    def apply_catch_up(self, through_seq: int, age_s: float) -> StepOutput:
        """Mark the bars up to ``through_seq`` as seen ``age_s`` too late to enter on."""
        self.state.stale_through_seq = through_seq
        self.state.stale_age_s = age_s
        return self._next_epoch()

    def apply_trading_states(self, states: Mapping[int, tuple[TradingState, bool]]) -> StepOutput:
        """Obey the operator at once: by bot index, the state and whether to flatten.

        Every state but ACTIVE takes back working entries; HALTED with flatten also sells positions
        at market. The stop order stays: it protects.
        """
        state, out = self.state, self._next_epoch()
        for bot in state.bots:
            now, flatten = states.get(bot.spec.index, (TradingState.ACTIVE, False))
            bot.trading_state, bot.is_flatten_ordered = now, flatten
            entry = bot.working(OrderPurpose.ENTRY)
            if now is not TradingState.ACTIVE and entry is not None:
                cancel_order(bot, entry, out)
            if now is TradingState.HALTED and flatten:
                order_exit(state, state.pairs[bot.spec.pair], bot, ExitReason.KILL, out)
            bot.touch()
        return out

    def apply_rearm(self, indexes: Collection[int]) -> StepOutput:
        """Let the drawdown of these bots count from their equity now, as a person decided."""
        out = self._next_epoch()
        for bot in self.state.bots:
            if bot.spec.index in indexes:
                bot.peak_equity = bot.equity
                out.bots.add(bot.spec.index)
        return out

    def _next_epoch(self) -> StepOutput:
        state = self.state
        state.epoch += 1
        for bot in state.bots:
            bot.touch()
        return _between_bars(state, max(pair.last_open_time for pair in state.pairs.values()))


def session_equity(state: DeskState) -> dict[str, tuple[float, float]]:
    """Return by quote currency the equity at the last marks, and how much of it is reserved."""
    by_quote: dict[str, list[BotState]] = {}
    for bot in state.bots:
        quote = state.pairs[bot.spec.pair].instrument.pair.quote
        by_quote.setdefault(quote, []).append(bot)
    return {
        quote: (
            math.fsum([bot.equity for bot in bots]),
            float(reduce(total, [bot.reserved for bot in bots])),
        )
        for quote, bots in sorted(by_quote.items())
    }


def _between_bars(state: DeskState, open_time: int) -> StepOutput:
    return StepOutput(state.seq, "", open_time, open_time + state.step_ms)


def _take_bar(state: DeskState, pair: PairState, bar: Bar) -> None:
    time, open_, high, low, close, volume, flags = bar
    gap = pair.last_open_time >= 0 and time - pair.last_open_time > state.step_ms
    pair.bars_since_gap = 0 if gap else min(pair.bars_since_gap + 1, LONG_AGO)
    pair.ring.append_closed(time, open_, high, low, close, volume, flags)
    pair.bank.update(open_, high, low, close, volume)
    pair.data_hash = chain_bar(pair.data_hash, bar)
    pair.n_bars += 1
    pair.last_open_time = time
    pair.last_close = close
    day = time // MS_PER_DAY
    if day != pair.day:
        pair.day = day
        for slot in pair.slots:
            slot.bot.day_equity = slot.bot.equity
            slot.bot.touch()


@dataclass(slots=True)
class _Turn:
    """One bar of one pair while its bots decide."""

    state: DeskState
    pair: PairState
    bar: Bar
    out: StepOutput
    stopped: frozenset[int]  # bots whose stop was filled within the bar
    candidates: list[Candidate]


def _decide(state: DeskState, pair: PairState, bar: Bar, out: StepOutput) -> None:
    stopped = _stopped_out(out) if out.round_trips else NO_BOTS
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


def _stopped_out(out: StepOutput) -> frozenset[int]:
    return frozenset(t.bot_index for t in out.round_trips if t.exit_reason is ExitReason.STOP)


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
