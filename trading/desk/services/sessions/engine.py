"""Advance one leased session: read bars after the cursor, step the core, commit, send, repeat.

Opening an engine is recovering: the newest snapshot is loaded, the bars and inputs after it run
through the same core again, and the digest must come out as it was stored. Only then does the
engine go on. There is no other way to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from trading.base.domain.errors import InvariantError
from trading.base.ports.clock import Clock
from trading.base.ports.recording import RecorderMaker
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.models import DeskSession, SessionInput, SessionSnapshot
from trading.desk.services.sessions.blueprint import state_build
from trading.desk.services.sessions.forecasting import asked_of, service_open
from trading.desk.services.sessions.hooks import Hook, no_hook
from trading.desk.services.sessions.inputs import input_apply
from trading.desk.services.sessions.lateness import lateness_tell
from trading.desk.services.sessions.persist import Journal
from trading.desk.services.sessions.snapshots import snapshot_load
from trading.learning.domain.forecasting.blocks import TIMES_AHEAD, BarBlock, block_of
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.series.turns import BarTime
from trading.market.models import StreamBar
from trading.market.services.stream.steps import bar_times, bars_read

READ_BARS: Final = 500
QUIET_STEPS: Final = 200  # quiet bar times that may share one transaction
QUIET_S: Final = 0.05  # and for how long the first of them may wait for it
SNAPSHOT_EVERY_S: Final = 10.0
SNAPSHOT_EVERY_BARS: Final = 20_000  # at full speed the clock alone would write too many


@dataclass(slots=True)
class News:
    """What happened since the page was last told; counts only, the page reads rows."""

    seq: int = 0
    decisions: list[tuple[int, int, int]] = field(default_factory=list)  # bot, open time, outcome
    fills: int = 0
    round_trips: int = 0
    checkpoints: int = 0
    has_position_change: bool = False


def _nothing() -> None:
    """Do nothing."""


def _go_on() -> bool:
    """Say that nobody wants the session to stop."""
    return True


def session_key(session_id: int) -> str:
    """Return what makes this session's client order ids its own."""
    return f"s{session_id}"


class SessionEngine:
    """One session in the hands of the worker that holds its lease."""

    def __init__(
        self,
        *,
        session: DeskSession,
        token: int,
        clock: Clock,
        recorders: Sequence[RecorderMaker],
        hook: Hook = no_hook,
    ) -> None:
        self._session = session
        self._clock = clock
        self._hook = hook
        self._journal = Journal.open(session=session, token=token, hook=hook, recorders=recorders)
        self._output_n = 0
        self._driver = DeskDriver(self._built_state())
        self._forecasts = service_open(self._start, self.state)
        self._foreseen = 0  # last bar the forecaster was shown
        self._pending: list[StepOutput] = []
        self._pending_since = 0.0
        self._snapshot_at = clock.monotonic()
        self._snapshot_seq = 0
        self.news = News()

    @property
    def state(self) -> DeskState:
        """Return the core's state."""
        return self._driver.state

    def recover(self, *, on_bar: Callable[[], None] = _nothing) -> int:
        """Bring the state to the stored cursor; return how many bars were run again.

        Args:
            on_bar: called after each bar, so that the lease of a long recovery does not run out.

        Raises:
            InvariantError: the run came out with another digest than the one stored, so either
                the journal or the code changed; the session must not go on.
        """
        session = self._session
        inputs = list(
            SessionInput.objects.filter(session=session, n__gt=self.state.epoch).order_by("n")
        )
        self._relearn(self.state.seq)
        bars = self._read_bars(self.state.seq, limit=session.cursor_seq, through=session.cursor_seq)
        # outputs of the newest step, in commit order; those before the snapshot are not run again
        last: list[StepOutput | None] = [None] * (self._output_n + 1)
        self._foresee(bars)
        for time in bar_times(bars):
            self._inputs_before(inputs, time.seq, last)
            last = [*self._run(time)]
            on_bar()
        self._inputs_before(inputs, session.cursor_seq + 1, last)
        if self.state.digest.hex() != session.digest or self.state.seq != session.cursor_seq:
            raise InvariantError(
                f"recovery reached digest {self.state.digest.hex()} at bar {self.state.seq}, "
                f"stored were {session.digest} at {session.cursor_seq}"
            )
        self._hook("recovered")
        self._output_n = session.output_n
        for out in last[session.output_n + 1 :]:
            if out is not None:
                self._commit([out], is_between=True)
        return len(bars)

    def advance(self, limit: int = READ_BARS, *, before_bar: Callable[[], bool] = _go_on) -> int:
        """Decide on the next bars, those of one time together; return how many there were.

        Args:
            limit: bars at most, but for the rest of the last time.
            before_bar: asked before each time; may apply inputs, and ends the turn with False.
        """
        if self.state.is_over:
            return 0
        rows = self._read_bars(self.state.seq, limit=limit)
        if self._session.feed.kind == FeedKind.CCXT:
            self._note_lateness(rows)
        self._foresee(rows)
        done = 0
        for time in bar_times(rows):
            if not before_bar():
                break
            self._step(time)
            done += len(time.bars)
        self._flush()
        if self._is_snapshot_due():
            self.snapshot()
        return done

    def apply_inputs(self, inputs: Sequence[SessionInput]) -> None:
        """Let operators' orders count from here on; each is recorded with what it caused."""
        self._flush()  # an input stands after the bars that were decided without it
        for row in inputs:
            out = input_apply(self._driver.core, row)
            self._commit([out], is_between=True, inputs=[row])
            if row.kind == SessionInput.Kind.POLICY:  # other horizons, other costs
                self._forecasts.forecaster.ask(asked_of(self._start, self.state))
            self._send(out)

    def end(self) -> None:
        """Book what is open at its last price; a session ends once."""
        if not self.state.is_over:
            self.apply_inputs([self.input_row(SessionInput.Kind.END, {})])

    def snapshot(self) -> None:
        """Store the state now (at hand-over, so that the next worker starts at once)."""
        now = self._clock.now()
        self._journal.write(
            outputs=[], output_n=self._output_n, state=self.state, now=now, with_snapshot=True
        )
        self._snapshot_at, self._snapshot_seq = self._clock.monotonic(), self.state.seq

    def _built_state(self) -> DeskState:
        self._start = SessionInput.objects.get(session=self._session, n=0).payload
        state = state_build(self._start, session_key=session_key(self._session.pk))
        newest = SessionSnapshot.objects.filter(
            session=self._session, cursor_seq__lte=self._session.cursor_seq
        ).first()
        if newest is not None:
            snapshot_load(state, bytes(newest.state), newest.checksum)
            self._output_n = newest.output_n
        return state

    def _read_bars(self, after: int, *, limit: int, through: int | None = None) -> list[StreamBar]:
        feed_id = self._session.feed_id
        return bars_read(feed_id=feed_id, after=after, limit=limit, through=through)

    def _relearn(self, through: int) -> None:
        """Show the forecaster again what it had seen before bar ``through`` was decided on."""
        rows = self._read_bars(0, limit=through, through=through) if through else []
        self._forecasts.relearn(self._blocks(rows))
        self._foreseen = through

    def _foresee(self, rows: Sequence[StreamBar]) -> None:
        """Ask for forecasts of bars about to be decided on; no bar is shown twice."""
        for block in self._blocks([row for row in rows if row.seq > self._foreseen]):
            self._driver.core.apply_forecasts(self._forecasts.observe(block))
        self._foreseen = rows[-1].seq if rows else self._foreseen

    def _blocks(self, rows: Sequence[StreamBar]) -> Iterator[BarBlock]:
        steps = [(time.open_time, time.bars) for time in bar_times(rows)]
        for first in range(0, len(steps), TIMES_AHEAD):
            yield block_of(steps[first : first + TIMES_AHEAD], self.state.step_ms)

    def _run(self, time: BarTime) -> list[StepOutput]:
        out = self._driver.step(time.seq, time.bars)
        return [out, *self._driver.send(out)]

    def _inputs_before(
        self, inputs: list[SessionInput], seq: int, last: list[StepOutput | None]
    ) -> None:
        while inputs and inputs[0].after_seq < seq:
            out = input_apply(self._driver.core, inputs.pop(0))
            last += [out, *self._driver.send(out)]

    def _step(self, time: BarTime) -> None:
        out = self._driver.step(time.seq, time.bars)
        self._hook("stepped")
        now = self._clock.monotonic()
        if not self._pending:
            self._pending_since = now
        self._pending.append(out)
        is_full = len(self._pending) >= QUIET_STEPS or now - self._pending_since >= QUIET_S
        if out.has_effects or is_full:
            self._flush()
            self._send(out)

    def _flush(self) -> None:
        if self._pending:
            pending, self._pending = self._pending, []
            self._commit(pending, is_between=False)

    def _commit(
        self,
        outputs: list[StepOutput],
        *,
        is_between: bool,
        inputs: Sequence[SessionInput] = (),
    ) -> None:
        self._output_n = self._output_n + 1 if is_between else 0
        self._journal.write(
            outputs=outputs,
            output_n=self._output_n,
            state=self.state,
            now=self._clock.now(),
            inputs=inputs,
        )
        for out in outputs:
            self._note(out)

    def _send(self, out: StepOutput) -> None:
        confirmations = self._driver.send(out)
        self._hook("submitted")
        for confirmation in confirmations:
            self._commit([confirmation], is_between=True)
        if self._is_snapshot_due():
            self.snapshot()

    def _note_lateness(self, rows: list[StreamBar]) -> None:
        feed_id, now_ms = self._session.feed_id, self._clock.now_ms()
        for kind, payload in lateness_tell(self.state, feed_id, rows, now_ms):
            self.apply_inputs([self.input_row(kind, payload)])

    def input_row(self, kind: SessionInput.Kind, payload: dict[str, Any]) -> SessionInput:
        """Return the next input of the session, not saved yet."""
        return SessionInput(
            session=self._session,
            after_seq=self.state.seq,
            n=self.state.epoch + 1,
            kind=kind,
            payload=payload,
            created_at=self._clock.now(),
        )

    def _is_snapshot_due(self) -> bool:
        age = self._clock.monotonic() - self._snapshot_at
        bars = self.state.seq - self._snapshot_seq
        return bars > 0 and (age >= SNAPSHOT_EVERY_S or bars >= SNAPSHOT_EVERY_BARS)

    def _note(self, out: StepOutput) -> None:
        news = self.news
        news.seq = out.seq
        news.decisions += [(row.bot_index, out.open_time, row.outcome) for row in out.journal]
        news.fills += len(out.fills)
        news.round_trips += len(out.round_trips)
        news.checkpoints += sum(trip.savings is not None for trip in out.round_trips)
        news.has_position_change |= bool(out.positions or out.stops)
