"""Who travels on the bus, and what each gate before it says."""

from __future__ import annotations

import math

import pytest

from tests.fakes.execution import D
from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.side import Side
from trading.desk.domain.policy import SchedulingPolicy
from trading.desk.domain.scheduling.bus import (
    BusScheduler,
    cooldown_gate,
    edge_gate,
    gas_gate,
    seat_gate,
    seats_taken,
    take_seats,
)
from trading.signals.domain.proposals import Proposal

POLICY = SchedulingPolicy()  # edge 2 round trips, gas 0.01, cooldown 6 bars


def proposal(bot_index: int, conviction: float, **changes: float) -> Proposal:
    figures = {
        "cost_bps": 24.0,
        "bars_rested": 50,
        "equity_ratio": 1.0,
        "notional_ratio": 0.3,
    } | changes
    return Proposal(
        bot_index=bot_index,
        side=Side.BUY,
        strength=figures.pop("strength", 0.5),
        confidence=figures.pop("confidence", 0.5),
        conviction=conviction,
        reference_price=100.0,
        atr=1.0,
        bar_time=1000,
        **figures,
    )


def order_of(*proposals: Proposal) -> list[list[int]]:
    return [sorted(p.bot_index for p in equals) for equals in BusScheduler.queue(proposals)]


def test_the_highest_conviction_travels_first() -> None:
    assert order_of(proposal(1, 0.4), proposal(2, 0.9), proposal(3, 0.6)) == [[2], [3], [1]]


@pytest.mark.parametrize(
    "better",
    [
        {"strength": 0.6}, {"confidence": 0.6}, {"cost_bps": 20.0}, {"bars_rested": 51},
        {"equity_ratio": 1.001}, {"notional_ratio": 0.299},
    ],
)  # fmt: skip
def test_among_equal_convictions_a_figure_decides_and_never_the_index(
    better: dict[str, float],
) -> None:
    for index in (1, 3):
        first = proposal(index, 0.5, **better)
        assert order_of(proposal(2, 0.5), first) == [[index], [2]]
        assert order_of(first, proposal(2, 0.5)) == [[index], [2]]


def test_equals_in_every_figure_stand_together() -> None:
    assert order_of(proposal(3, 0.5), proposal(1, 0.9), proposal(2, 0.5)) == [[1], [2, 3]]


def test_nobody_proposing_is_no_news() -> None:
    assert BusScheduler.queue([]) == []


def test_a_place_within_the_seats_is_a_seat() -> None:
    policy = SchedulingPolicy(seats_per_bar=2)
    assert seat_gate(2, policy) == (Gate.SEAT, 2, 2, True, Outcome.NOT_SELECTED)
    assert not seat_gate(3, policy).is_passed


def test_seats_are_counted_by_bar_time_and_an_old_time_has_none_left() -> None:
    seats: dict[int, int] = {}
    for time in (100, 200, 100):
        take_seats(seats, time, 1)
    assert [seats_taken(seats, time) for time in (100, 200, 300)] == [2, 1, 0]
    for time in range(300, 1100, 100):
        take_seats(seats, time, 1)
    assert len(seats) == 8
    assert not seat_gate(seats_taken(seats, 200) + 1, POLICY).is_passed


def test_a_conviction_that_is_no_number_is_a_bug() -> None:
    with pytest.raises(InvariantError, match="conviction"):
        BusScheduler.queue([proposal(1, math.nan)])


def test_a_bot_proposes_once_per_bar() -> None:
    with pytest.raises(InvariantError, match="more than once"):
        BusScheduler.queue([proposal(1, 0.5), proposal(1, 0.6)])


@pytest.mark.parametrize(
    ("target", "cost", "is_passed"),
    [
        (48.0, 24.0, True),
        (47.9, 24.0, False),
        (1.0, 0.0, True),
        (0.0, 0.0, False),
        (math.nan, 24.0, False),
        (1000.0, math.nan, False),
        (math.inf, 24.0, False),
    ],
)
def test_the_target_must_pay_two_round_trips(target: float, cost: float, is_passed: bool) -> None:
    gate = edge_gate(target, cost, POLICY)
    assert (gate.gate, gate.is_passed, gate.outcome) == (
        Gate.EDGE,
        is_passed,
        Outcome.EDGE_BELOW_COST,
    )


@pytest.mark.parametrize(
    ("balance", "is_passed"),
    [("0.01", True), ("0.0099", False), ("NaN", False), ("Infinity", False), (None, False)],
)
def test_gas_must_be_known_and_enough(balance: str | None, is_passed: bool) -> None:
    gate = gas_gate(None if balance is None else D(balance), POLICY, D("0.00015"))
    assert (gate.gate, gate.limit, gate.is_passed) == (Gate.GAS, 0.01, is_passed)


def test_gas_must_pay_for_the_way_in_and_out() -> None:
    assert not gas_gate(D("0.9"), POLICY, D("0.5")).is_passed
    assert gas_gate(D(1), POLICY, D("0.5")) == (Gate.GAS, 1.0, 1.0, True, Outcome.GAS_TOO_LOW)


@pytest.mark.parametrize(("bars", "is_passed"), [(6, True), (5, False), (0, False)])
def test_a_bot_rests_after_an_exit(bars: int, is_passed: bool) -> None:
    assert cooldown_gate(bars, POLICY) == (
        Gate.COOLDOWN, bars, 6, is_passed, Outcome.ROUTE_COOLDOWN,
    )  # fmt: skip
