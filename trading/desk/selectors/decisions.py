"""Read the decision journal for the pages: the feed, one record with its gates, the funnel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, QuerySet

from trading.base.domain.reasons import OUTCOME_TEXT, QUIET_OUTCOMES, Gate, Outcome, Verdict
from trading.desk.domain.decision.journal import DecisionRecord, unpack_record
from trading.desk.models import Decision, Order
from trading.desk.selectors.sentences import (
    decision_sentence,
    gate_limit_text,
    gate_title,
    observed_text,
)

FEED_LENGTH: Final = 40
ACTED: Final = frozenset({Outcome.ENTRY_ORDERED, Outcome.EXIT_ORDERED, Outcome.STOP_FILLED})


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One record as a line: who, when (open time of the bar, ms UTC), what and why."""

    id: int
    bot_id: int
    pair: str
    strategy: str
    open_time: int
    outcome: Outcome
    sentence: str
    side: str

    @property
    def kind(self) -> str:
        """Return ``acted``, ``denied`` or ``quiet``."""
        if self.outcome in ACTED:
            return "acted"
        return "quiet" if self.outcome in QUIET_OUTCOMES else "denied"


@dataclass(frozen=True, slots=True)
class GateView:
    """One gate of one decision, written out; ``decisive`` marks the first that failed."""

    gate: Gate
    title: str
    observed: str
    limit: str
    is_passed: bool
    is_decisive: bool


@dataclass(frozen=True, slots=True)
class OrderLink:
    """One order a decision gave."""

    id: int
    purpose: str
    status: str


@dataclass(frozen=True, slots=True)
class DecisionDetail:
    """Everything one record says."""

    line: DecisionView
    session_id: int
    feed_id: int
    seq: int
    conviction: float
    epoch: int
    data_hash: str
    input_hash: str
    gates: tuple[GateView, ...]
    orders: tuple[OrderLink, ...]


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """How often one outcome happened."""

    outcome: Outcome
    title: str
    count: int
    kind: str


_SIDES: Final = {1: "buy", -1: "sell", 0: ""}


def _line(row: Decision, record: DecisionRecord) -> DecisionView:
    return DecisionView(
        id=row.pk,
        bot_id=row.bot_id,
        pair=row.bot.pair,
        strategy=row.bot.strategy,
        open_time=row.open_time,
        outcome=record.outcome,
        sentence=decision_sentence(record.outcome, record.gates, row.bot.pair),
        side=_SIDES[record.side],
    )


def _lines(rows: QuerySet[Decision]) -> tuple[DecisionView, ...]:
    return tuple(_line(row, unpack_record(bytes(row.record))) for row in rows)


def decision_list(
    session_ids: Sequence[int], *, with_quiet: bool = False, limit: int = FEED_LENGTH
) -> tuple[DecisionView, ...]:
    """Return the newest decisions, newest first; quiet bars are left out unless asked for."""
    rows = Decision.objects.filter(bot__session_id__in=session_ids).select_related("bot")
    if not with_quiet:
        rows = rows.exclude(outcome__in=[int(o) for o in QUIET_OUTCOMES])
    return _lines(rows.order_by("-id")[:limit])


def decision_list_at(feed_id: int, pair: str, open_time: int) -> tuple[DecisionView, ...]:
    """Return what every bot of the pair did with the bar that opened at ``open_time``."""
    rows = Decision.objects.filter(
        bot__session__feed_id=feed_id, bot__pair=pair, open_time=open_time
    ).select_related("bot")
    return _lines(rows.order_by("bot__session_id", "bot__index"))


def decision_get(decision_id: int) -> DecisionDetail | None:
    """Return one record with every gate, or None when there is no such decision."""
    row = Decision.objects.select_related("bot__session").filter(pk=decision_id).first()
    if row is None:
        return None
    record = unpack_record(bytes(row.record))
    orders = Order.objects.filter(bot_id=row.bot_id, created_seq=row.seq).order_by("id")
    return DecisionDetail(
        line=_line(row, record),
        session_id=row.bot.session_id,
        feed_id=row.bot.session.feed_id,
        seq=row.seq,
        conviction=record.conviction,
        epoch=record.epoch,
        data_hash=record.data_hash.hex(),
        input_hash=record.input_hash.hex(),
        gates=_gates(record, row.bot.pair),
        orders=tuple(OrderLink(o.pk, o.purpose, o.status) for o in orders),
    )


def _gates(record: DecisionRecord, pair: str) -> tuple[GateView, ...]:
    first = next((i for i, g in enumerate(record.gates) if g.verdict is Verdict.FAIL), -1)
    return tuple(
        GateView(
            gate=g.gate,
            title=gate_title(g.gate),
            observed=observed_text(g.gate, g.observed, pair),
            limit=gate_limit_text(g.gate, g.limit, pair),
            is_passed=g.verdict is Verdict.PASS,
            is_decisive=i == first,
        )
        for i, g in enumerate(record.gates)
    )


def outcome_counts(session_ids: Sequence[int], since_ms: int) -> tuple[OutcomeCount, ...]:
    """Return how often each outcome happened on bars opened since then, most frequent first."""
    rows = (
        Decision.objects.filter(bot__session_id__in=session_ids, open_time__gte=since_ms)
        .order_by()
        .values_list("outcome")
        .annotate(n=Count("id"))
    )
    counts = [
        OutcomeCount(Outcome(o), OUTCOME_TEXT[Outcome(o)], n, _kind(Outcome(o))) for o, n in rows
    ]
    return tuple(sorted(counts, key=lambda c: (-c.count, c.outcome)))


def _kind(outcome: Outcome) -> str:
    if outcome in ACTED:
        return "acted"
    return "quiet" if outcome in QUIET_OUTCOMES else "denied"
