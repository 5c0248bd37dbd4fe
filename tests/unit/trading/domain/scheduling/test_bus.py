"""Who travels on the bus, and what each gate before it says."""

from __future__ import annotations

import math

import pytest

from tests.fakes.execution import D
from trading.domain.errors import InvariantError
from trading.domain.execution.orders import Side
from trading.domain.policy import SchedulingPolicy
from trading.domain.reasons import Gate, Outcome
from trading.domain.scheduling.bus import BusScheduler, cooldown_gate, edge_gate, gas_gate
from trading.domain.signals.proposals import Proposal

POLICY = SchedulingPolicy()  # edge 2 round trips, gas 0.01, cooldown 6 bars


def proposal(bot_index: int, conviction: float, bar_time: int = 1000) -> Proposal:
    return Proposal(
        bot_index=bot_index,
        side=Side.BUY,
        strength=0.5,
        confidence=0.5,
        conviction=conviction,
        reference_price=100.0,
        atr=1.0,
        bar_time=bar_time,
    )


def test_the_highest_conviction_travels_and_the_rest_learn_their_place() -> None:
    chosen = BusScheduler.select([proposal(1, 0.4), proposal(2, 0.9), proposal(3, 0.6)], 2)
    assert [d.proposal.bot_index for d in chosen.directives] == [2, 3]
    assert [d.gate.observed for d in chosen.directives] == [1, 2]
    ((bot_index, gate),) = chosen.denied
    assert bot_index == 1
    assert gate == (Gate.SEAT, 3, 2, False, Outcome.NOT_SELECTED)


def test_among_equals_the_lower_bot_index_travels_whatever_the_order() -> None:
    one, two = proposal(1, 0.5), proposal(2, 0.5)
    for given in ([one, two], [two, one]):
        assert BusScheduler.select(given, 1).directives[0].proposal is one


@pytest.mark.parametrize("seats", [0, -1])
def test_without_seats_everybody_is_denied(seats: int) -> None:
    chosen = BusScheduler.select([proposal(1, 0.5)], seats)
    assert chosen.directives == ()
    assert chosen.denied[0][1].limit == 0


def test_nobody_proposing_is_no_news() -> None:
    assert BusScheduler.select([], 2) == ((), ())


def test_a_directive_has_a_stable_id_and_expires_with_its_bar() -> None:
    def directive(bot_index: int, bar_time: int) -> tuple[str, int]:
        chosen = BusScheduler.select([proposal(bot_index, 0.5, bar_time)], 1).directives[0]
        return chosen.id, chosen.expires

    assert directive(1, 1000) == directive(1, 1000)
    assert directive(1, 1000)[1] == 1000
    assert len({directive(1, 1000)[0], directive(2, 1000)[0], directive(1, 2000)[0]}) == 3


def test_a_conviction_that_is_no_number_is_a_bug() -> None:
    with pytest.raises(InvariantError, match="conviction"):
        BusScheduler.select([proposal(1, math.nan)], 1)


def test_a_bot_proposes_once_per_bar() -> None:
    with pytest.raises(InvariantError, match="more than once"):
        BusScheduler.select([proposal(1, 0.5), proposal(1, 0.6)], 2)


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
    gate = gas_gate(None if balance is None else D(balance), POLICY)
    assert (gate.gate, gate.limit, gate.is_passed) == (Gate.GAS, 0.01, is_passed)


@pytest.mark.parametrize(("bars", "is_passed"), [(6, True), (5, False), (0, False)])
def test_a_bot_rests_after_an_exit(bars: int, is_passed: bool) -> None:
    assert cooldown_gate(bars, POLICY) == (
        Gate.COOLDOWN, bars, 6, is_passed, Outcome.ROUTE_COOLDOWN,
    )  # fmt: skip
