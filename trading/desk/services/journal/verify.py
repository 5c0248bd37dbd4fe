"""Recompute a session from its recorded inputs and compare everything it wrote.

Decisions byte by byte; orders with their events, fills, positions, stops, round trips, savings
checkpoints, equity and the accounts column by column. Nothing of today is read: blueprint, inputs
and bars come from the session's own records. A session that is still running is checked as it
stands at one moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from trading.base.domain.errors import BadInputError, TradingError
from trading.base.domain.reasons import Outcome
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.output import JournalRow, StepOutput
from trading.desk.models import Bot, Decision, DeskSession, SessionInput
from trading.desk.services.journal.expected import ExpectedRows
from trading.desk.services.journal.ledger import ledger_check
from trading.desk.services.journal.moment import one_moment
from trading.desk.services.journal.stored import rows_compare
from trading.desk.services.sessions.blueprint import state_build
from trading.desk.services.sessions.code_version import code_version
from trading.desk.services.sessions.engine import session_key
from trading.desk.services.sessions.forecasting import service_open
from trading.desk.services.sessions.inputs import input_apply
from trading.learning.domain.forecasting.blocks import block_of
from trading.market.models import StreamBar
from trading.market.services.stream.steps import bar_times, bars_read

CHUNK: Final = 2_000
MISMATCHES_NAMED: Final = 10_000  # more are only counted

DecisionKey = tuple[int, int, int]  # bar, bot index, open time


@dataclass(slots=True)
class VerifyReport:
    """What the comparison found.

    Attributes:
        checked: decisions that were recomputed.
        rows: other rows compared, by table.
        mismatches: rows that differ, are missing, or exist without a reason.
        examples: a sentence for each of them.
        is_same_code: False when today's decision code is not the one that wrote the journal.
    """

    checked: int = 0
    mismatches: int = 0
    is_same_code: bool = True
    is_digest_equal: bool = True
    rows: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def differ(self, sentence: str) -> None:
        """Count one mismatch."""
        self.mismatches += 1
        if len(self.examples) < MISMATCHES_NAMED:
            self.examples.append(sentence)

    def as_json(self) -> dict[str, Any]:
        """Return the report under the names of the command line's contract."""
        answer: dict[str, Any] = {
            "checked": self.checked,
            "rows": dict(self.rows),
            "mismatches": self.mismatches,
            "is_same_code": self.is_same_code,
            "examples": self.examples,
        }
        if self.mismatches:
            n_rows = self.checked + self.rows.total()
            message = f"{self.mismatches} of {n_rows} rows differ"
            answer |= {"error": "journal_mismatch", "message": message}
        return answer


def session_verify(
    *, session_id: int, on_progress: Callable[[int], None] = lambda _n: None
) -> VerifyReport:
    """Return what a recomputation of the whole session finds.

    Raises:
        BadInputError: there is no such session.
    """
    session = DeskSession.objects.filter(pk=session_id).first()
    if session is None:
        raise BadInputError(f"there is no session {session_id}; see: manage.py status")
    report = VerifyReport()
    start = SessionInput.objects.filter(session=session, n=0).first()
    if start is None:
        report.differ("the start of the session (input 0) is not stored")
        return report
    report.is_same_code = start.payload["code_version"] == code_version()
    try:
        rerun = _Rerun(session, start, report)
        for bars in rerun.chunks():
            rerun.advance(bars)
            on_progress(bars[-1].seq)
        with one_moment():
            rerun.finish()
    except TradingError as error:  # what is recorded cannot be run
        report.differ(f"the recomputation ended early: {error}")
    return report


class _Rerun:
    """The session's life again, beside the rows it wrote."""

    def __init__(self, session: DeskSession, start: SessionInput, report: VerifyReport) -> None:
        self._session = session
        self._plans = start.payload["bots"]
        self._report = report
        self._driver = DeskDriver(state_build(start.payload, session_key=session_key(session.pk)))
        self._forecasts = service_open(start.payload, self._driver.state)
        self._expected = ExpectedRows(session.pk)
        self._bots = dict(Bot.objects.filter(session=session).values_list("pk", "index"))
        self._inputs: list[SessionInput] = []
        self._n_inputs = 0
        self._n_found = 0  # decision rows looked at
        # outputs of the newest bar in commit order, its own first
        self._newest: list[StepOutput | None] = [None]

    def chunks(self) -> Iterator[list[StreamBar]]:
        """Yield bars until the session is nearly reached; its newest bar is left to the end."""
        while True:
            self._session.refresh_from_db()
            bars = self._bars(through=self._session.cursor_seq - 1)
            if bars:
                yield bars
            if len(bars) < CHUNK:
                return

    def advance(self, bars: list[StreamBar]) -> None:
        """Decide on the bars again and compare the decisions."""
        self._read_inputs()
        stored = self._stored(bars)
        self._n_found += len(stored)
        steps = [(time.open_time, time.bars) for time in bar_times(bars)]
        block = block_of(steps, self._driver.state.step_ms)
        self._driver.core.apply_forecasts(self._forecasts.observe(block))
        for time in bar_times(bars):
            self._apply_inputs(time.seq)
            self._take()
            out = self._driver.step(time.seq, time.bars)
            self._newest = [out, *self._driver.send(out)]
            for journal_row in out.journal:
                self._compare(out, journal_row, stored)
        for seq, bot_index, open_time in stored:
            self._report.differ(_unexplained(seq, bot_index, open_time))

    def finish(self) -> None:
        """Reach the session as it stands now and compare all its other rows."""
        session, state, report = self._session, self._driver.state, self._report
        session.refresh_from_db()
        while bars := self._bars(through=session.cursor_seq):
            self.advance(bars)
        self._read_inputs()
        self._apply_inputs(session.cursor_seq + 1)
        self._newest = self._newest[: session.output_n + 1]  # a running one commits the rest yet
        self._take()
        self._expected.close(state, self._plans)
        for table, n_rows, sentences in rows_compare(self._expected, session.pk):
            report.rows[table] += n_rows
            for sentence in sentences:
                report.differ(sentence)
        for sentence in ledger_check(session):
            report.differ(sentence)
        self._compare_count()
        if state.n_decisions != session.n_decisions:
            report.differ(
                f"session {session.pk}: n_decisions is stored as {session.n_decisions}, "
                f"recomputed {state.n_decisions}"
            )
        if state.seq != session.cursor_seq:
            report.differ(
                f"session {session.pk}: its last bar is stored as {session.cursor_seq}, "
                f"recomputed {state.seq}"
            )
        report.is_digest_equal = state.digest.hex() == session.digest
        if not report.is_digest_equal:
            report.differ(
                f"session {session.pk}: the digest over decisions and money is stored as "
                f"{session.digest}, recomputed {state.digest.hex()}"
            )

    def _take(self) -> None:
        for out in self._newest:
            if out is not None:
                self._expected.add(out)
        self._newest = []

    def _read_inputs(self) -> None:
        rows = SessionInput.objects.filter(session=self._session, n__gt=self._n_inputs)
        new = list(rows.order_by("n"))
        self._inputs += new
        self._n_inputs = new[-1].n if new else self._n_inputs

    def _apply_inputs(self, before_seq: int) -> None:
        while self._inputs and self._inputs[0].after_seq < before_seq:
            out = input_apply(self._driver.core, self._inputs.pop(0))
            self._newest += [out, *self._driver.send(out)]

    def _bars(self, *, through: int) -> list[StreamBar]:
        after, feed_id = self._driver.state.seq, self._session.feed_id
        return bars_read(feed_id=feed_id, after=after, limit=CHUNK, through=through)

    def _stored(self, bars: list[StreamBar]) -> dict[DecisionKey, tuple[int, bytes]]:
        times = [bar.open_time for bar in bars]
        rows = Decision.objects.filter(
            bot__in=list(self._bots),
            open_time__range=(min(times), max(times)),  # the index serves bot and open time
            seq__range=(bars[0].seq, bars[-1].seq),
        ).values_list("seq", "bot_id", "open_time", "outcome", "record")
        return {
            (seq, self._bots[bot_id], open_time): (outcome, bytes(record))
            for seq, bot_id, open_time, outcome, record in rows.iterator()
        }

    def _compare(
        self, step: StepOutput, row: JournalRow, stored: dict[DecisionKey, tuple[int, bytes]]
    ) -> None:
        self._report.checked += 1
        kept = stored.pop((step.seq, row.bot_index, step.open_time), None)
        if kept == (row.outcome, row.record):
            return
        name = Outcome(row.outcome).name.lower()
        if kept is None:
            what = "nothing is stored"
        elif kept[1] == row.record:
            what = f"its outcome is stored as {kept[0]} instead of {row.outcome}"
        else:
            what = f"stored {kept[1].hex()}"
        where = f"bar time {step.open_time} (up to bar {step.seq}), bot {row.bot_index}"
        self._report.differ(f"{where}: recomputed {name}, {what}")

    def _compare_count(self) -> None:
        """Name the decision rows that no chunk looked at: of other bars, or of other times."""
        rows = Decision.objects.filter(bot__in=list(self._bots))
        if rows.count() == self._n_found:
            return
        bars = StreamBar.objects.filter(
            feed_id=self._session.feed_id, seq__lte=self._session.cursor_seq
        )
        times = dict(bars.values_list("seq", "open_time"))
        for bot_id, seq, open_time in rows.values_list("bot_id", "seq", "open_time").iterator():
            if times.get(seq) != open_time:
                self._report.differ(_unexplained(seq, self._bots[bot_id], open_time))


def _unexplained(seq: int, bot_index: int, open_time: int) -> str:
    return f"bar {seq} ({open_time}), bot {bot_index}: a record is stored that nothing explains"
