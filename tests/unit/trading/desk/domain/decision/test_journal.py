from __future__ import annotations

import math

import pytest

from trading.base.domain.errors import InvariantError
from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome, Verdict
from trading.desk.domain.decision.journal import (
    Reading,
    chain_bar,
    pack_holding,
    pack_quiet,
    pack_record,
    unpack_record,
)
from trading.market.domain.bars import Bar

DATA, HASHED = 2**64 - 3, 17
WARM = GateResult(Gate.WARM, 500, 289, is_passed=True, outcome=Outcome.WARMING_UP)
QUALITY = GateResult(Gate.BAR_QUALITY, 0.0, 0.0, is_passed=True, outcome=Outcome.BAR_QUARANTINED)
GAP = GateResult(Gate.GAP, 40, 3, is_passed=True, outcome=Outcome.GAP_COOLDOWN)


def silent(outcome: Outcome) -> GateResult:
    return GateResult(Gate.TRIGGER, 0.0, 0.0, is_passed=False, outcome=outcome)


def packed(outcome: Outcome, *gates: GateResult) -> bytes:
    reading = Reading(outcome, gates, 0, math.nan, HASHED)
    return pack_record(reading, epoch=7, data_hash=DATA)


def test_a_quiet_bar_is_packed_like_any_other() -> None:
    whole = packed(Outcome.NO_TRIGGER, WARM, silent(Outcome.NO_TRIGGER))
    assert pack_quiet(500, 289, 7, DATA, HASHED) == whole


def test_a_held_position_is_packed_like_any_other() -> None:
    whole = packed(Outcome.HOLDING, WARM, QUALITY, GAP, silent(Outcome.HOLDING))
    assert pack_holding(500, 289, 40, 3, 7, DATA, HASHED) == whole


def test_a_record_reads_back_as_it_was_packed() -> None:
    gate = GateResult(Gate.EDGE, 12.5, 20.0, is_passed=False, outcome=Outcome.EDGE_BELOW_COST)
    reading = Reading(Outcome.EDGE_BELOW_COST, [WARM, gate], 1, 0.5, HASHED)
    record = unpack_record(pack_record(reading, epoch=7, data_hash=DATA))
    assert (record.outcome, record.side, record.epoch, record.conviction) == (
        Outcome.EDGE_BELOW_COST, 1, 7, 0.5,
    )  # fmt: skip
    assert record.data_hash == DATA.to_bytes(8, "little")
    assert record.input_hash == HASHED.to_bytes(8, "little")
    assert [(g.gate, g.observed, g.limit, g.verdict) for g in record.gates] == [
        (Gate.WARM, 500.0, 289.0, Verdict.PASS),
        (Gate.EDGE, 12.5, 20.0, Verdict.FAIL),
    ]


@pytest.mark.parametrize("data", [b"", b"\x02" + bytes(59), bytes(60), b"\x01\x01\x00\x05" * 15])
def test_bytes_that_are_no_record_are_refused(data: bytes) -> None:
    with pytest.raises(InvariantError):
        unpack_record(data)


@pytest.mark.parametrize("field", Bar._fields)
def test_the_data_hash_depends_on_every_field_of_a_bar_and_on_the_bars_before(field: str) -> None:
    bar = Bar(300_000, 1.0, 2.0, 0.5, 1.5, 10.0, 0)
    other = bar._replace(**{field: getattr(bar, field) + 1})
    assert chain_bar(0, bar) != chain_bar(0, other)
    assert chain_bar(0, bar) != chain_bar(1, bar)
    assert 0 <= chain_bar(0, bar) < 2**64
