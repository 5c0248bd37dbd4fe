"""The session's life again, beside the rows it wrote, from a start or a change of code on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

from trading.base.domain.errors import TradingError
from trading.base.domain.reasons import Outcome
from trading.desk.domain.decision.books import books_load
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.output import JournalRow, StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.decision.unanswered import commands_unanswered
from trading.desk.models import Bot, Decision, DeskSession, OrderEvent, SessionFact
from trading.desk.services.config.policies import policy_recall
from trading.desk.services.journal.expected import Before, ExpectedRows
from trading.desk.services.journal.ledger import ledger_check
from trading.desk.services.journal.stored import rows_compare
from trading.desk.services.sessions.blueprint import InForce, state_build
from trading.desk.services.sessions.books import books_from_rows
from trading.desk.services.sessions.facts import fact_apply
from trading.desk.services.sessions.instruments import instruments_load
from trading.desk.services.sessions.memory import memory_make
from trading.desk.services.sessions.outside import is_paper
from trading.desk.services.sessions.recovery import forecasts_recall, session_key
from trading.desk.services.sessions.rows.values import session_books, session_values
from trading.market.models import StreamBar
from trading.market.services.stream.steps import bar_times, bars_read

CHUNK: Final = 2_000
FACTS_READ: Final = 2_000  # at a time

DecisionKey = tuple[int, int, int]  # bar, bot index, open time


class Findings(Protocol):
    """Where the comparison tells what it found."""

    checked: int
    is_digest_equal: bool
    rows: Any

    def differ(self, sentence: str) -> None:
        """Count one mismatch."""


class Rerun:
    """The session's life again, beside the rows it wrote.

    Args:
        session: whose life it is.
        start: its START fact, which holds the plan.
        origin: the START or CODE fact from which on it is run.
        report: told what is found.
    """

    def __init__(
        self, session: DeskSession, start: SessionFact, origin: SessionFact, report: Findings
    ) -> None:
        self._session = session
        self._plans = start.payload["bots"]
        self._report = report
        self._origin = origin
        self._driver = DeskDriver(
            _state_at(session, start, origin), is_paper=is_paper(start.payload)
        )
        is_start = origin.kind == FactKind.START
        self._before = None if is_start else Before.of(origin.payload)
        self._expected = ExpectedRows(session.pk, self._before)
        self._bots = dict(Bot.objects.filter(session=session).values_list("pk", "index"))
        self._n_found = 0  # decision rows looked at
        # outputs of the newest step in commit order, its own first
        self._newest: list[StepOutput] = []
        if not is_start:
            self._newest = [fact_apply(self._driver, origin), *self._driver.resume()]

    def chunks(self) -> Iterator[list[StreamBar]]:
        """Yield bars until the session is nearly reached."""
        while True:
            self._session.refresh_from_db()
            bars = self._bars()
            if bars:
                yield bars
            if len(bars) < CHUNK:
                return

    def advance(self, bars: list[StreamBar]) -> None:
        """Decide on the bars again and compare the decisions."""
        stored = self._stored(bars)
        self._n_found += len(stored)
        facts = self._facts(bars[-1].seq)
        fact = next(facts, None)
        for time in bar_times(bars):
            while fact is not None and fact.after_seq < time.seq:
                self._apply(fact)
                fact = next(facts, None)
            self._take()
            out = self._driver.step(time.seq, time.bars)
            self._newest = [out, *self._driver.send(out)]
            for journal_row in out.journal:
                self._compare(out, journal_row, stored)
        for seq, bot_index, open_time in stored:
            self._report.differ(_unexplained(seq, bot_index, open_time))

    def finish(self) -> None:
        """Reach the session as it stands now and compare all its other rows."""
        session, report = self._session, self._report
        session.refresh_from_db()
        while bars := self._bars():
            self.advance(bars)
        for fact in self._facts(session.cursor_seq + 1):
            self._apply(fact)
        self._take(is_last=True)
        self._expected.close(self._driver.state, self._plans)
        before = self._before
        for table, n_rows, sentences in rows_compare(self._expected, session.pk, before):
            report.rows[table] += n_rows
            for sentence in sentences:
                report.differ(sentence)
        for sentence in ledger_check(session):
            report.differ(sentence)
        self._compare_count(0 if before is None else before.rows["decisions"])
        self._compare_session()

    def _apply(self, fact: SessionFact) -> None:
        out = fact_apply(self._driver, fact)
        self._newest += [out, *self._driver.send(out)]

    def _take(self, *, is_last: bool = False) -> None:
        newest, self._newest = self._newest, []
        for out in self._committed(newest) if is_last else newest:
            self._expected.add(out)

    def _committed(self, newest: list[StepOutput]) -> list[StepOutput]:
        """Return those a session at work has committed: confirmations may still be on their way."""
        if not self._is_answer_due():
            return newest
        n_stored = OrderEvent.objects.filter(order__bot__session=self._session).count()
        n = self._expected.n_events + (self._before.rows["events"] if self._before else 0)
        taken: list[StepOutput] = []
        for out in newest:
            n += len(out.order_events)
            if n > n_stored and taken:
                break
            taken.append(out)
        return taken

    def _is_answer_due(self) -> bool:
        """Return whether the rows say that a command waits for its answer."""
        start = SessionFact.objects.get(session=self._session, n=0)
        state = state_build(start.payload, session_key=session_key(self._session.pk))
        try:
            books_load(state, books_from_rows(self._session))
        except (TradingError, ValueError, LookupError):  # the comparison will say what is wrong
            return False
        return bool(commands_unanswered(state))

    def _facts(self, before_seq: int) -> Iterator[SessionFact]:
        """Yield the facts not applied yet that count before that bar; there may be millions."""
        rows = SessionFact.objects.filter(session=self._session, n__gt=self._driver.state.facts_n)
        return rows.filter(after_seq__lt=before_seq).order_by("n").iterator(FACTS_READ)

    def _bars(self) -> list[StreamBar]:
        session, after = self._session, self._driver.state.seq
        return bars_read(
            feed_id=session.feed_id, after=after, limit=CHUNK, through=session.cursor_seq
        )

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

    def _compare_count(self, n_before: int) -> None:
        """Name the decision rows that no chunk looked at: of other bars, or of other times."""
        rows = Decision.objects.filter(bot__in=list(self._bots))
        if rows.count() == self._n_found + n_before:
            return
        after = self._origin.after_seq
        older = rows.filter(seq__lte=after).count()
        if n_before and older != n_before:
            self._report.differ(
                f"bars up to {after}: {older} records are stored; there were {n_before}"
            )
        bars = StreamBar.objects.filter(
            feed_id=self._session.feed_id, seq__range=(after + 1, self._session.cursor_seq)
        )
        times = dict(bars.values_list("seq", "open_time"))
        rows = rows.filter(seq__gt=after)
        for bot_id, seq, open_time in rows.values_list("bot_id", "seq", "open_time").iterator():
            if times.get(seq) != open_time:
                self._report.differ(_unexplained(seq, self._bots[bot_id], open_time))

    def _compare_session(self) -> None:
        session, state = self._session, self._driver.state
        for name, value in (session_values(state) | session_books(state)).items():
            stored = getattr(session, name)
            if stored != value:
                self._report.differ(
                    f"session {session.pk}: {name} is stored as {stored}, recomputed {value}"
                )
        self._report.is_digest_equal = state.digest.hex() == session.digest


def _state_at(session: DeskSession, start: SessionFact, origin: SessionFact) -> DeskState:
    """Return the session's state as it was when the fact came: books told, memory made of bars."""
    key = session_key(session.pk)
    if origin.kind == FactKind.START:
        return state_build(start.payload, session_key=key)
    told = origin.payload
    policy, _ = policy_recall(told["policy"])
    rules = InForce(policy, instruments_load(told["instruments"]))
    state = state_build(start.payload, session_key=key, in_force=rules)
    memory_make(session.feed_id, state, after=state.seq, through=origin.after_seq)
    books_load(state, told["books"])
    forecasts_recall(session.pk, state)
    return state


def _unexplained(seq: int, bot_index: int, open_time: int) -> str:
    return f"bar {seq} ({open_time}), bot {bot_index}: a record is stored that nothing explains"
