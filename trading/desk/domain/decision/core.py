"""The decision core: state and the closed bars of one time in, decisions, rows and orders out.

Replay, ghost and live run this same code; it knows no clock, no database and no venue. A step is

1. book what the venue reported up to this bar time, for all pairs, and settle what that closed,
2. take the bars into the pairs' memories (ring buffer, shared features, data hash),
3. let every bot decide: manage its position, or propose an entry,
4. let the proposals of all pairs compete for seats and limits, the best first,
5. write one journal record per bot and chain the run's digest.

A bar time is the step because the pairs of a session share seats, limits and the health of its
savings: whichever pair were decided on first could take what another deserves more. Facts that
steer (policy, trading state) come in between two steps and are numbered by the epoch that every
record carries.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import total
from trading.base.domain.reasons import ExitReason, TradingState
from trading.desk.domain.decision.accounts import book_reports, note_account, settle
from trading.desk.domain.decision.deciding import decide_bars
from trading.desk.domain.decision.exits import close_out, order_exit
from trading.desk.domain.decision.journal import chain_digest
from trading.desk.domain.decision.memory import take_bar
from trading.desk.domain.decision.money_lines import money_lines
from trading.desk.domain.decision.orders import cancel_order
from trading.desk.domain.decision.output import EquityMarked, StepOutput
from trading.desk.domain.decision.state import BotState, DeskState
from trading.desk.domain.execution.orders import ExecutionReport, OrderPurpose
from trading.desk.domain.policy import Policy
from trading.learning.domain.forecasting.runs import ForecastRun
from trading.market.domain.bars import Bar
from trading.market.domain.instruments import Instrument

EQUITY_EVERY_BARS: Final = 3


class DeskCore:
    """One session's state and the steps that change it."""

    def __init__(self, state: DeskState) -> None:
        self.state = state

    def step(
        self,
        seq: int,
        bars: Sequence[tuple[str, Bar]],
        reports: Mapping[str, list[ExecutionReport]],
    ) -> StepOutput:
        """Decide on the closed bars of one time.

        Args:
            seq: stream number of the last of the bars, greater than that of the step before.
            bars: (pair, bar) of one open time, each after the pair's bar before it, in the order
                of ``market.turns``; those of pairs without bots only move the sequence.
            reports: by pair, what the venue reported up to and including the bar, oldest first.

        Raises:
            InvariantError: the sequence does not grow, there is no bar, or times are mixed.
        """
        state = self.state
        if seq <= state.seq:
            raise InvariantError(f"step {seq} came after {state.seq}")
        open_time = _open_time(bars)
        state.seq = seq
        out = StepOutput(seq, open_time, open_time + state.step_ms)
        taken = [(state.pairs[name], bar) for name, bar in bars if name in state.pairs]
        if not taken:
            return out
        state.open_time = open_time
        if out.bar_time > state.time:
            self._move_on(out)
        if reports:
            for pair, _ in taken:
                if pair.name in reports:
                    book_reports(state, pair, reports[pair.name], out)
            settle(state, out, 0)
        for pair, bar in taken:
            if take_bar(pair, bar, state.step_ms):
                for slot in pair.slots:
                    slot.bot.day_equity = slot.bot.equity
                    slot.bot.touch()
        decide_bars(state, taken, out)
        self._seal(out)
        state.n_decisions += len(out.journal)
        return out

    def _seal(self, out: StepOutput) -> None:
        records, money = [row[2] for row in out.journal], money_lines(out) if out.effects else ()
        self.state.digest = chain_digest(self.state.digest, out.bar_time, records, money)

    def _move_on(self, out: StepOutput) -> None:
        """Begin a new bar time: mark the session's equity at the end of the one before."""
        state = self.state
        if state.time > 0 and state.time % (EQUITY_EVERY_BARS * state.step_ms) == 0:
            _mark_equity(state, out)
        state.time = out.bar_time

    def apply_reports(self, reports: Sequence[ExecutionReport]) -> StepOutput:
        """Book reports that arrive between two steps (an acceptance, a confirmed cancel)."""
        state = self.state
        out = self.between_bars()
        for report in reports:
            pair = state.pair_of_order(report.client_order_id)
            if pair is not None:  # no order of ours changes nothing
                book_reports(state, pair, [report], out)
        settle(state, out, 0)
        if out.fills:  # money moved between two steps: a venue outside told of it
            self._seal(out)
        return out

    def apply_policy(self, policy: Policy) -> StepOutput:
        """Let another policy count from the next bar on."""
        self.state.obey(policy)
        return self._next_epoch()

    def apply_code(self) -> StepOutput:
        """Go on under another code version; the books stay as they are."""
        return self._next_epoch()

    def apply_instruments(self, instruments: Mapping[str, Instrument]) -> StepOutput:
        """Let these rounding rules count from the next bar on, by pair."""
        for name, instrument in instruments.items():
            self.state.pairs[name].instrument = instrument
        return self._next_epoch()

    def apply_clock(self, skew_s: float, limit_s: float) -> StepOutput:
        """Let no bot enter while the host's clock is ``skew_s`` off the venue's; 0 ends that."""
        self.state.clock_skew_s, self.state.clock_limit_s = skew_s, limit_s
        return self._next_epoch()

    def apply_catch_up(self, through_seq: int, now_ms: int) -> StepOutput:
        """Mark the bars up to ``through_seq`` as read when the venue's clock said ``now_ms``.

        Their age is counted up to then, and what they order is not filled before.
        """
        self.state.stale_through_seq, self.state.stale_now_ms = through_seq, now_ms
        return self._next_epoch()

    def apply_forecasts(self, run: ForecastRun) -> None:
        """Lay what a forecaster said beside the bars it serves, which come next."""
        self.state.shelf.put(run, self.state.time)

    def apply_absent(self, pairs: Collection[str]) -> None:
        """Remember which pairs are without a bar though their grace is over.

        Nothing is decided by it: a pair without a bar is not decided on, and its next bar meets
        the gate on gaps. It is remembered so that it is written down once, not on every bar.
        """
        self.state.absent = tuple(sorted(pairs))

    def apply_trading_states(self, states: Mapping[int, tuple[TradingState, bool]]) -> StepOutput:
        """Obey the operator at once: by bot index, the state and whether to flatten.

        Every state but ACTIVE takes back working entries; HALTED with flatten also sells positions
        at market. The stop order stays: it protects.
        """
        state, out = self.state, self._next_epoch()
        for bot in state.bots:
            now, flatten = states.get(bot.spec.index, (TradingState.ACTIVE, False))
            if (now, flatten) != (bot.trading_state, bot.is_flatten_ordered):
                bot.trading_state, bot.is_flatten_ordered = now, flatten
                note_account(bot, out)
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
                note_account(bot, out)
        return out

    def apply_end(self) -> StepOutput:
        """Close every position at its last price and take back every order: nothing follows.

        Bookkeeping, not trading: no venue is asked, and no volume limits it.
        """
        state, out = self.state, self._next_epoch()
        for bot in state.bots:
            close_out(state, state.pairs[bot.spec.pair], bot, out)
        settle(state, out, 0)
        state.is_over = True
        _mark_equity(state, out)
        self._seal(out)
        return out

    def _next_epoch(self) -> StepOutput:
        state = self.state
        state.facts_n += 1
        state.epoch = state.facts_n
        for bot in state.bots:
            bot.touch()
        return self.between_bars()

    def between_bars(self) -> StepOutput:
        """Return an empty output that stands after the newest step."""
        state = self.state
        return StepOutput(state.seq, state.open_time, state.open_time + state.step_ms)


def _mark_equity(state: DeskState, out: StepOutput) -> None:
    for quote, (equity, reserved) in session_equity(state).items():
        out.effects.append(EquityMarked(quote, state.time, equity, reserved))


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


def _open_time(bars: Sequence[tuple[str, Bar]]) -> int:
    if not bars:
        raise InvariantError("a step was given no bar")
    open_time = bars[0][1].open_time
    for _, bar in bars:
        if bar.open_time != open_time:
            raise InvariantError(f"a step was given bars of {open_time} and {bar.open_time}")
    return open_time
