"""Decision records, packed by the journal's own code."""

from __future__ import annotations

import math
from typing import Any

from tests.factories.desk import START_MS
from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome
from trading.desk.domain.decision.journal import Reading, pack_record
from trading.desk.models import Bot, Decision


def decision(of: Bot, outcome: Outcome, *gates: GateResult, **values: Any) -> Decision:
    """Write one journal record the way the core packs it."""
    row = decision_row(of, outcome, *gates, **values)
    row.save()
    return row


def decision_row(
    of: Bot,
    outcome: Outcome,
    *gates: GateResult,
    open_time: int = START_MS,
    seq: int = 1,
    conviction: float = math.nan,
) -> Decision:
    """Return one journal record of a buy signal, not written yet."""
    reading = Reading(outcome, gates, 1, conviction, int.from_bytes(b"abcdefgh", "little"))
    record = pack_record(reading, epoch=0, data_hash=int.from_bytes(b"12345678", "little"))
    return Decision(bot=of, open_time=open_time, seq=seq, outcome=int(outcome), record=record)


def failed(gate: Gate, observed: float, limit: float, outcome: Outcome) -> GateResult:
    """Return a gate that said no."""
    return GateResult(gate, observed, limit, is_passed=False, outcome=outcome)


def passed(gate: Gate, observed: float, limit: float) -> GateResult:
    """Return a gate that said yes."""
    return GateResult(gate, observed, limit, is_passed=True, outcome=Outcome.NO_TRIGGER)
