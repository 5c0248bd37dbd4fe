"""Answer "why did it not trade?" from the journal: outcome, every gate, and what was looked at."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from trading.base.domain.errors import BadInputError
from trading.base.domain.reasons import GATE_TEXT, OUTCOME_TEXT, QUIET_OUTCOMES, Outcome, Verdict
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.journal import DecisionRecord, GateReading, unpack_record
from trading.desk.models import Decision, DeskSession, SessionFact
from trading.desk.services.sessions.recovery import version_written
from trading.market.domain.timeframes import floor_open, timeframe_ms
from trading.market.models import StreamBar
from trading.market.services.stream.again import as_published


def decision_explain(
    *, pair: str, at_ms: int, strategy: str, session_id: int | None
) -> dict[str, Any]:
    """Return the decision on the bar that contains ``at_ms``, ready for JSON.

    Without a strategy, the loudest decision of the pair is chosen: one that acted or was denied
    before one that saw nothing.

    Raises:
        BadInputError: no session, bot or record fits; the message says what there is.
    """
    session = _session(pair, session_id)
    open_time = floor_open(at_ms, timeframe_ms(session.feed.timeframe))
    rows = Decision.objects.filter(
        bot__session=session, bot__pair=pair, open_time=open_time
    ).select_related("bot")
    if strategy:
        rows = rows.filter(bot__strategy=strategy)
    found = sorted(rows, key=lambda row: (Outcome(row.outcome) in QUIET_OUTCOMES, row.bot_id))
    if not found:
        raise BadInputError(_nothing(rows, session, pair, strategy, open_time))
    row = found[0]
    record = unpack_record(bytes(row.record))
    return {
        "session": session.pk,
        "pair": pair,
        "bot": row.bot.strategy,
        "bar_open": datetime.fromtimestamp(open_time / 1000, UTC),
        "outcome": record.outcome.name.lower(),
        "text": OUTCOME_TEXT[record.outcome],
        "gates": [_gate(reading) for reading in record.gates],
        "inputs": _inputs(session, row, record),
    }


def _session(pair: str, session_id: int | None) -> DeskSession:
    sessions = DeskSession.objects.select_related("feed").filter(bots__pair=pair).distinct()
    if session_id is not None:
        sessions = sessions.filter(pk=session_id)
    session = sessions.order_by("-id").first()
    if session is None:
        which = f"session {session_id}" if session_id is not None else "any session"
        raise BadInputError(f"pair {pair} is not traded in {which}; see: manage.py status")
    return session


def _nothing(
    rows: QuerySet[Decision], session: DeskSession, pair: str, strategy: str, open_time: int
) -> str:
    bots = session.bots.filter(pair=pair)
    if strategy and not bots.filter(strategy=strategy).exists():
        names = ", ".join(bots.values_list("strategy", flat=True))
        return f"no bot {strategy!r} trades {pair}; there are {names}"
    first_last = Decision.objects.filter(bot__in=bots).order_by("open_time")
    first, last = first_last.first(), first_last.last()
    bar = datetime.fromtimestamp(open_time / 1000, UTC).isoformat()
    if first is None or last is None:
        return f"session {session.pk} has not decided on any bar of {pair} yet"
    span = " to ".join(
        datetime.fromtimestamp(row.open_time / 1000, UTC).isoformat() for row in (first, last)
    )
    return f"session {session.pk} has no decision on the {pair} bar of {bar}; it has {span}"


def _gate(reading: GateReading) -> dict[str, Any]:
    title, unit = GATE_TEXT[reading.gate]
    return {
        "gate": reading.gate.name.lower(),
        "title": title,
        "observed": _finite(reading.observed),
        "limit": _finite(reading.limit),
        "unit": unit,
        "passed": reading.verdict is Verdict.PASS,
    }


def _inputs(session: DeskSession, row: Decision, record: DecisionRecord) -> dict[str, Any]:
    # the record's number is that of its step's last bar, which may be of another pair
    found = StreamBar.objects.filter(
        feed_id=session.feed_id, pair=row.bot.pair, open_time=row.open_time
    )
    (bar,) = as_published(found)
    codes = SessionFact.objects.filter(session=session, n__lte=record.epoch)
    code = codes.filter(kind__in=(FactKind.START, FactKind.CODE)).latest("n")
    steering = SessionFact.objects.filter(session=session, n=record.epoch).first()
    return {
        "bar": {name: getattr(bar, name) for name in ("open", "high", "low", "close", "volume")},
        "flags": bar.flags,
        "stream_seq": row.seq,
        "side": {1: "buy", -1: "sell"}.get(record.side),
        "conviction": _finite(record.conviction),
        "epoch": record.epoch,
        "epoch_kind": steering.kind if steering is not None else None,
        "code_version": version_written(code),
        "data_hash": record.data_hash.hex(),
        "input_hash": record.input_hash.hex(),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
