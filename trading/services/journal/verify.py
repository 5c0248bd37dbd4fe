"""Recompute every decision of a session from its recorded inputs and compare the bytes.

Nothing of today is read: blueprint, inputs and bars come from the session's own records. A session
that is still running is checked up to the bar it had reached when the check began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trading.domain.desk.driver import DeskDriver
from trading.domain.errors import BadInputError
from trading.domain.reasons import Outcome
from trading.models import Bot, Decision, DeskSession, SessionInput, StreamBar
from trading.services.sessions.blueprint import state_build
from trading.services.sessions.code_version import code_version
from trading.services.sessions.engine import session_key, stream_bar
from trading.services.sessions.inputs import input_apply

CHUNK = 2_000
MISMATCHES_SHOWN = 20


@dataclass(slots=True)
class VerifyReport:
    """What the comparison found.

    Attributes:
        mismatches: records that differ, are missing, or exist without a reason.
        examples: the first few, as sentences.
        is_same_code: False when today's decision code is not the one that wrote the journal.
    """

    checked: int = 0
    mismatches: int = 0
    is_same_code: bool = True
    is_digest_equal: bool = True
    examples: list[str] = field(default_factory=list)

    def differ(self, sentence: str) -> None:
        """Count one mismatch."""
        self.mismatches += 1
        if len(self.examples) < MISMATCHES_SHOWN:
            self.examples.append(sentence)


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
    start = SessionInput.objects.get(session=session, n=0)
    driver = DeskDriver(state_build(start.payload, session_key=session_key(session_id)))
    inputs = list(SessionInput.objects.filter(session=session, n__gt=0).order_by("n"))
    bots = dict(Bot.objects.filter(session=session).values_list("pk", "index"))
    report = VerifyReport(is_same_code=start.payload["code_version"] == code_version())
    for rows in _chunks(session, after=driver.state.seq):
        stored = _stored(session, rows, bots)
        for row in rows:
            _apply_due(driver, inputs, row.seq)
            out = driver.step(row.seq, row.pair, stream_bar(row))
            driver.send(out)
            for journal_row in out.journal:
                report.checked += 1
                kept = stored.pop((row.seq, journal_row.bot_index), None)
                if kept != journal_row.record:
                    report.differ(_sentence(row, journal_row.bot_index, kept, journal_row.outcome))
        for seq, bot_index in stored:
            report.differ(f"bar {seq}, bot {bot_index}: a record is stored that nothing explains")
        on_progress(rows[-1].seq)
    _apply_due(driver, inputs, session.cursor_seq + 1)
    report.is_digest_equal = driver.state.digest.hex() == session.digest
    if not report.is_digest_equal and not report.mismatches:
        report.differ("the digest over all records differs from the stored one")
    return report


def _chunks(session: DeskSession, after: int) -> Iterator[list[StreamBar]]:
    while True:
        rows = list(
            StreamBar.objects.filter(
                feed_id=session.feed_id, seq__gt=after, seq__lte=session.cursor_seq
            ).order_by("seq")[:CHUNK]
        )
        if not rows:
            return
        yield rows
        after = rows[-1].seq


def _stored(
    session: DeskSession, bars: list[StreamBar], bots: dict[int, int]
) -> dict[tuple[int, int], bytes]:
    times = [bar.open_time for bar in bars]
    rows = Decision.objects.filter(
        bot__in=list(bots),
        open_time__range=(min(times), max(times)),  # the index serves bot and open time
        seq__range=(bars[0].seq, bars[-1].seq),
    ).values_list("seq", "bot_id", "record")
    return {(seq, bots[bot_id]): bytes(record) for seq, bot_id, record in rows.iterator()}


def _apply_due(driver: DeskDriver, inputs: list[SessionInput], seq: int) -> None:
    while inputs and inputs[0].after_seq < seq:
        driver.send(input_apply(driver.core, inputs.pop(0)))


def _sentence(row: StreamBar, bot_index: int, kept: bytes | None, outcome: int) -> str:
    name = Outcome(outcome).name.lower()
    where = f"bar {row.seq} ({row.pair} {row.open_time}), bot {bot_index}"
    return f"{where}: recomputed {name}, " + (
        "nothing is stored" if kept is None else f"stored {kept.hex()}"
    )
