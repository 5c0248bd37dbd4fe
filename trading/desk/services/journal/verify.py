"""Recompute a session from its recorded facts and compare everything it wrote.

Decisions byte by byte; orders with their events, fills, positions, stops, round trips, savings
checkpoints, equity and the accounts column by column. Nothing of today is read: plan, facts and
bars come from the session's own records. A session that is still running is checked as it stands
at one moment.

Only the code that runs now can recompute, and only what it wrote: from the newest CODE fact on,
which holds the books it began with, else from the start. Older records are named with the version
that wrote them and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Final

from trading.base.domain.errors import BadInputError, TradingError
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import DeskSession, SessionFact
from trading.desk.services.journal.moment import one_moment
from trading.desk.services.journal.rerun import Rerun
from trading.desk.services.sessions.code_version import code_version
from trading.desk.services.sessions.recovery import version_written
from trading.desk.services.sessions.rows.counts import rows_count

MISMATCHES_NAMED: Final = 10_000  # more are only counted


@dataclass(slots=True)
class VersionSpan:
    """What one code version wrote of a session.

    Attributes:
        from_bar: the first stream bar it could decide on. to_bar: the last.
        rows: how many it added, by table.
    """

    version: str
    from_bar: int
    to_bar: int
    rows: dict[str, int]
    is_recomputed: bool = False


@dataclass(slots=True)
class VerifyReport:
    """What the comparison found.

    Attributes:
        checked: decisions that were recomputed.
        rows: other rows compared, by table.
        mismatches: rows that differ, are missing, or exist without a reason.
        examples: a sentence for each of them.
        is_same_code: False when today's decision code is not the one that wrote last; nothing is
            recomputed then.
        versions: who wrote what, oldest first.
    """

    checked: int = 0
    mismatches: int = 0
    is_same_code: bool = True
    is_digest_equal: bool = True
    rows: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    versions: list[VersionSpan] = field(default_factory=list)

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
            "versions": [asdict(span) for span in self.versions],
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
    """Return what a recomputation of what the running code wrote finds.

    Raises:
        BadInputError: there is no such session.
    """
    session = DeskSession.objects.filter(pk=session_id).first()
    if session is None:
        raise BadInputError(f"there is no session {session_id}; see: manage.py status")
    report = VerifyReport()
    kinds = (FactKind.START, FactKind.CODE)
    codes = list(SessionFact.objects.filter(session=session, kind__in=kinds).order_by("n"))
    if not codes or codes[0].n != 0:
        report.differ("the start of the session (fact 0) is not stored")
        return report
    report.versions = versions_of(session, codes)
    newest = report.versions[-1]
    newest.is_recomputed = report.is_same_code = newest.version == code_version()
    if not report.is_same_code:
        return report
    try:
        rerun = Rerun(session, codes[0], codes[-1], report)
        for bars in rerun.chunks():
            rerun.advance(bars)
            on_progress(bars[-1].seq)
        with one_moment():
            rerun.finish()
    except TradingError as error:  # what is recorded cannot be run
        report.differ(f"the recomputation ended early: {error}")
    return report


def version_shown(span: Mapping[str, Any]) -> str:
    """Return a line for a person about one of ``versions`` of the JSON answer."""
    done = "recomputed" if span["is_recomputed"] else "not recomputed, another version wrote them"
    n_rows = sum(span["rows"].values())
    return f"{span['version']}: bars {span['from_bar']} to {span['to_bar']}, {n_rows} rows, {done}"


def versions_of(session: DeskSession, codes: list[SessionFact]) -> list[VersionSpan]:
    """Return who wrote what; ``codes`` are the START and CODE facts, oldest first."""
    marks = [(fact.after_seq, fact.payload.get("rows", {})) for fact in codes]
    marks.append((session.cursor_seq, rows_count(session.pk)))
    spans = []
    for fact, ((from_seq, before), (to_seq, after)) in zip(codes, pairwise(marks), strict=True):
        rows = {name: n - before.get(name, 0) for name, n in after.items()}
        spans.append(VersionSpan(version_written(fact), from_seq + 1, to_seq, rows))
    return spans
