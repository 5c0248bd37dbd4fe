"""Every outcome reads as a sentence with its figures."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from trading.base.domain.reasons import Gate, Outcome, Verdict
from trading.desk.domain.decision.journal import GateReading
from trading.desk.selectors.sentences import (
    SENTENCES,
    SKIP_TITLES,
    decision_sentence,
    passing_profit,
)
from trading.treasury.domain.savings import SkipReason

T = "\u202f"
PAIR = "BTC/USDT"


def no(gate: Gate, observed: float, limit: float) -> GateReading:
    return GateReading(gate, observed, limit, Verdict.FAIL)


def yes(gate: Gate) -> GateReading:
    return GateReading(gate, 1.0, 0.0, Verdict.PASS)


def test_every_outcome_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Outcome)
    assert all(text.endswith(".") for text in SENTENCES.values())


def test_every_skip_reason_has_its_words() -> None:
    assert set(SKIP_TITLES) == {reason.value for reason in SkipReason}


@pytest.mark.parametrize(
    ("outcome", "gate", "observed", "limit", "expected"),
    [
        (Outcome.BELOW_CONVICTION, Gate.CONVICTION, 0.214, 0.28,
         "Skipped: conviction is 0.214, below 0.28."),
        (Outcome.EDGE_BELOW_COST, Gate.EDGE, 18.44, 48.0,
         "Skipped: the target is 18.4 bps away, less than the 48 bps the costs ask for."),
        (Outcome.ROUTE_COOLDOWN, Gate.COOLDOWN, 1, 6,
         "Skipped: 1 bar since the last exit, 6 bars needed."),
        (Outcome.MAX_POSITIONS, Gate.POSITIONS, 6, 6,
         "Skipped: 6 positions are open, the limit is 6 positions."),
        (Outcome.DAILY_LOSS_LIMIT, Gate.DAILY_LOSS, 3.2, 3.0,
         f"Skipped: the loss today is 3.20{T}%, the limit is 3.00{T}%."),
        (Outcome.INSUFFICIENT_CASH, Gate.CASH, 3.5, 5.0,
         f"Skipped: free cash is 3.50{T}USDT, 5.00{T}USDT needed."),
        (Outcome.NOT_SELECTED, Gate.SEAT, 3, 2,
         "Skipped: place 3 in the queue for 2 seats on the bus."),
        (Outcome.WARMING_UP, Gate.WARM, 5, 60, "Warming up: 5 bars seen, 60 bars needed."),
        (Outcome.WARMING_UP, Gate.STARTED, 0, 1,
         "Warming up: the bar is from before the start and only teaches the strategy."),
        (Outcome.STALE_DATA, Gate.FRESHNESS, 1200.0, 600.0,
         "Skipped: the bar was 1\u202f200 s old when decided, the limit is 600 s."),
    ],
)  # fmt: skip
def test_a_refusal_says_what_was_seen_and_what_was_needed(
    outcome: Outcome, gate: Gate, observed: float, limit: float, expected: str
) -> None:
    gates = [yes(Gate.WARM), no(gate, observed, limit), no(Gate.EXPOSURE, 99, 80)]
    assert decision_sentence(outcome, gates, PAIR) == expected


def test_a_value_that_could_not_be_observed_is_said_to_be_unknown() -> None:
    text = decision_sentence(Outcome.STALE_DATA, [no(Gate.FRESHNESS, math.nan, 600)], PAIR)
    assert text == (
        "Skipped: age of the bar when decided is not known, and no entry is made without it."
    )


def test_a_record_without_the_gate_still_reads_as_a_sentence() -> None:
    assert decision_sentence(Outcome.BELOW_SCORE, [], PAIR) == (
        "Skipped: strength times confidence is too low."
    )


def test_the_passing_profit_is_rounded_up_so_that_it_really_passes() -> None:
    profit = passing_profit(Decimal("1.87"), Decimal("0.15"), Decimal("0.01"))
    assert profit == Decimal("12.47")
    assert profit * Decimal("0.15") >= Decimal("1.87")
    assert passing_profit(Decimal("1.87"), Decimal(0), Decimal("0.01")) is None
