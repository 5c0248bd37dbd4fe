"""Advance one leased session: read bars after the cursor, step the core, commit, send, repeat.

Opening an engine is recovering: books come from the session's rows, memory from its bars, and what
has no answer is sent again. There is no other way to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from trading.base.ports.clock import Clock
from trading.base.ports.recording import RecorderMaker
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.output import Command, StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.models import DeskSession, SessionFact
from trading.desk.ports.venue import Venue
from trading.desk.services.sessions.code_version import code_version
from trading.desk.services.sessions.facts import fact_apply
from trading.desk.services.sessions.forecasting import asked_of, service_resume
from trading.desk.services.sessions.hooks import Hook, no_hook
from trading.desk.services.sessions.lateness import lateness_tell
from trading.desk.services.sessions.outside import OutsideVenue, venue_fits
from trading.desk.services.sessions.persist import Journal
from trading.desk.services.sessions.recovery import session_recover
from trading.desk.services.sessions.snapshots import Learnt
from trading.learning.domain.forecasting.blocks import TIMES_AHEAD, BarBlock, block_of
from trading.learning.services.forecasting.recording import run_record
from trading.learning.services.forecasting.serving import ForecastService
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.series.turns import BarTime
from trading.market.models import StreamBar
from trading.market.services.stream.steps import bar_times, bars_read

READ_BARS: Final = 500
RELEARN_BARS: Final = 5_000
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


class SessionEngine:
    """One session in the hands of the worker that holds its lease."""

    _driver: DeskDriver  # from ``recover`` on, as the next two
    _start: Mapping[str, Any]
    _forecasts: ForecastService

    def __init__(
        self,
        *,
        session: DeskSession,
        token: int,
        clock: Clock,
        recorders: Sequence[RecorderMaker],
        venue: Venue | None = None,
        hook: Hook = no_hook,
    ) -> None:
        """Begin; ``venue`` is the way to one outside, None where bars fill the orders."""
        self._session = session
        self._venue = venue
        self._outside: OutsideVenue | None = None
        self._committed_ms = 0  # when the newest commit began, by the host's clock
        self._clock = clock
        self._hook = hook
        self._journal = Journal.open(session=session, token=token, hook=hook, recorders=recorders)
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
        """Take the session over where its rows say it stands; return how many bars that took.

        Args:
            on_bar: called after each bar, so that the lease of a long recovery does not run out.
        """
        found = session_recover(self._session, version=code_version(), on_bar=on_bar)
        venue_fits(found.start, self._venue)
        self._driver = DeskDriver(found.state, is_paper=self._venue is None)
        self._start = found.start
        self._forecasts, self._foreseen = service_resume(found.start, found.state, found.learnt)
        self._relearn(found.foreseen)
        self._snapshot_seq = found.state.seq
        self._hook("recovered")
        if found.deploy is not None:
            self.apply_facts([self.fact_row(FactKind.CODE, found.deploy)])
        for out in self._driver.resume():
            self._commit([out])
        if self._venue is not None:
            self._outside = OutsideVenue(
                self._venue,
                state=self.state,
                clock=self._clock,
                record=self._record,
                hold=lambda: self._journal.hold(self._clock.now()),
                hook=self._hook,
            )
            self._outside.recover()
        if found.instruments is not None:
            self.apply_facts([self.fact_row(FactKind.INSTRUMENTS, found.instruments)])
        return found.n_bars

    def advance(self, limit: int = READ_BARS, *, before_bar: Callable[[], bool] = _go_on) -> int:
        """Decide on the next bars, those of one time together; return how many there were.

        Args:
            limit: bars at most, but for the rest of the last time.
            before_bar: asked before each time; may apply facts, and ends the turn with False.
        """
        if self.state.is_over:
            return 0
        if self._outside is not None and not self._outside.heed():
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

    def apply_facts(self, facts: Sequence[SessionFact]) -> None:
        """Let them count from here on; each is recorded with what it caused."""
        self._flush()  # a fact stands after the bars that were decided without it
        for row in facts:
            out = fact_apply(self._driver, row)
            self._commit([out], facts=[row])
            if row.kind == FactKind.POLICY:  # other horizons, other costs
                self._forecasts.forecaster.ask(asked_of(self._start, self.state))
            self._send(out)

    def _record(self, kind: FactKind, payload: dict[str, Any]) -> Sequence[Command]:
        """Let a fact count and commit it; return what the books want done about it."""
        self._flush()
        row = self.fact_row(kind, payload)
        out = fact_apply(self._driver, row)
        self._commit([out], facts=[row])
        return out.commands

    def end(self) -> None:
        """Book what is open at its last price; a session ends once.

        What is open at a venue outside stays open, with its protective orders.
        """
        if not self.state.is_over and self._outside is None:
            self.apply_facts([self.fact_row(FactKind.END, {})])

    def snapshot(self) -> None:
        """Store the state now (at hand-over, so that the next worker starts at once)."""
        now = self._clock.now()
        memory = self._forecasts.forecaster.memory() if not self._forecasts.trouble else b""
        learnt = Learnt(self._foreseen, memory)
        self._journal.write(outputs=[], state=self.state, now=now, snapshot=learnt)
        self._snapshot_at, self._snapshot_seq = self._clock.monotonic(), self.state.seq

    def _read_bars(self, after: int, *, limit: int, through: int | None = None) -> list[StreamBar]:
        feed_id = self._session.feed_id
        return bars_read(feed_id=feed_id, after=after, limit=limit, through=through)

    def _relearn(self, through: int) -> None:
        """Show the forecaster again what it has answered, up to bar ``through``."""
        while self._foreseen < through:
            rows = self._read_bars(self._foreseen, limit=RELEARN_BARS, through=through)
            if not rows:
                break
            self._forecasts.relearn(block for _, block in self._blocks(rows))
            self._foreseen = rows[-1].seq
        self._foreseen = max(self._foreseen, through)

    def _foresee(self, rows: Sequence[StreamBar]) -> None:
        """Record forecasts of bars about to be decided on; no bar is shown twice."""
        new = [row for row in rows if row.seq > self._foreseen]
        for through_seq, block in self._blocks(new):
            kind, payload, data = run_record(self._forecasts.observe(block))
            payload["through_seq"] = through_seq
            self.apply_facts([self.fact_row(FactKind(kind), payload, data)])
            self._foreseen = through_seq

    def _blocks(self, rows: Sequence[StreamBar]) -> Iterator[tuple[int, BarBlock]]:
        """Yield blocks of bar times, each with the number of its last bar."""
        times = list(bar_times(rows))
        for first in range(0, len(times), TIMES_AHEAD):
            some = times[first : first + TIMES_AHEAD]
            steps = [(time.open_time, time.bars) for time in some]
            yield some[-1].seq, block_of(steps, self.state.step_ms)

    def _step(self, time: BarTime) -> None:
        if self._outside is not None:
            self._outside.heed()
        self._note_absent(time)
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
            self._commit(pending)

    def _commit(self, outputs: list[StepOutput], *, facts: Sequence[SessionFact] = ()) -> None:
        self._committed_ms = self._clock.now_ms()
        self._journal.write(outputs=outputs, state=self.state, now=self._clock.now(), facts=facts)
        for out in outputs:
            self._note(out)

    def _send(self, out: StepOutput) -> None:
        if self._outside is not None:
            self._outside.send(out.commands, committed_ms=self._committed_ms)
        confirmations = self._driver.send(out)
        self._hook("submitted")
        for confirmation in confirmations:
            self._commit([confirmation])
        if self._is_snapshot_due():
            self.snapshot()

    def _note_absent(self, time: BarTime) -> None:
        """Record which pairs are without a bar of a new time, when others are than before."""
        if time.open_time + self.state.step_ms > self.state.time:
            absent = self.state.absent_from({name for name, _ in time.bars})
            if absent != self.state.absent:
                self.apply_facts([self.fact_row(FactKind.ABSENT, {"pairs": list(absent)})])

    def _note_lateness(self, rows: list[StreamBar]) -> None:
        feed_id, now_ms = self._session.feed_id, self._clock.now_ms()
        for kind, payload in lateness_tell(self.state, feed_id, rows, now_ms):
            self.apply_facts([self.fact_row(kind, payload)])

    def fact_row(self, kind: FactKind, payload: dict[str, Any], data: bytes = b"") -> SessionFact:
        """Return the next fact of the session, not saved yet."""
        return SessionFact(
            session=self._session,
            after_seq=self.state.seq,
            n=self.state.facts_n + 1,
            kind=kind,
            payload=payload,
            data=data,
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
