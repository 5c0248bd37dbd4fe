"""Choose which proposals travel on this bar: worth their cost, payable, rested, and with a seat.

The bus scheduler never says a silent no. Every proposal ends as an order or as a denial with the
place it had in the queue, and every gate before it says what it saw and what it wanted; counting
them into a funnel is the caller's.

Source: desk specification 8 and 12 (R10, R13), client plan 0 ("Scheduling tweaks"), ADR 15.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome
from trading.desk.domain.policy import SchedulingPolicy
from trading.signals.domain.proposals import Proposal

SEAT_TIMES: Final = 8  # bar times whose seats are remembered
ALL_TAKEN: Final = 1_000_000


class BusScheduler:
    """Says in which order the proposals of one bar are served, and whether a seat is left."""

    @staticmethod
    def queue(proposals: Sequence[Proposal]) -> list[tuple[Proposal, ...]]:
        """Return the proposals best first; those equal in every figure stand together.

        The order is by ``Proposal.rank``, figures only. Equals have no order among them that is
        not an accident of names, so they are served together: all of them or none.

        Raises:
            InvariantError: a conviction is not finite, or one bot proposes twice.
        """
        bots = [proposal.bot_index for proposal in proposals]
        if len(set(bots)) != len(bots):
            raise InvariantError(f"bots proposed more than once on one bar: {sorted(bots)}")
        if not all(math.isfinite(proposal.conviction) for proposal in proposals):
            raise InvariantError("a proposal's conviction was not finite")
        ranked = sorted(proposals, key=lambda proposal: proposal.rank, reverse=True)
        return [tuple(equals) for _, equals in groupby(ranked, key=lambda p: p.rank)]


def seats_taken(seats: Mapping[int, int], bar_time: int) -> int:
    """Return how many entries were ordered on that bar time; ``seats`` counts them by time.

    Bars of one time do not always come together, so the newest few times are remembered. Before
    them nothing is known any more, and every seat counts as taken.
    """
    is_forgotten = len(seats) >= SEAT_TIMES and bar_time < min(seats)
    return ALL_TAKEN if is_forgotten else seats.get(bar_time, 0)


def take_seats(seats: dict[int, int], bar_time: int, n: int) -> None:
    """Count ``n`` more entries on that bar time."""
    seats[bar_time] = seats_taken(seats, bar_time) + n
    while len(seats) > SEAT_TIMES:
        del seats[min(seats)]


def seat_gate(place: int, policy: SchedulingPolicy) -> GateResult:
    """Return whether ``place``, counted from 1 over one bar time, is among the seats."""
    seats = policy.seats_per_bar
    return GateResult(Gate.SEAT, place, seats, place <= seats, Outcome.NOT_SELECTED)


def edge_gate(target_bps: float, round_trip_bps: float, policy: SchedulingPolicy) -> GateResult:
    """Return whether the target is far enough away to pay the round trip several times.

    Args:
        target_bps: distance from the price to the target.
        round_trip_bps: cost of buying and selling the intended notional, NaN when unknown.
        policy: how many round trips the target must pay.
    """
    limit = policy.edge_cost_multiple * round_trip_bps
    is_passed = math.isfinite(target_bps) and target_bps > 0 and target_bps >= limit
    return GateResult(Gate.EDGE, target_bps, limit, is_passed, Outcome.EDGE_BELOW_COST)


def gas_gate(
    native_balance: Decimal | None, policy: SchedulingPolicy, per_swap: Decimal
) -> GateResult:
    """Return whether the chain coin suffices; only asked for pairs on a chain, None is unknown.

    It suffices for the least balance the policy wants, and for the way in and out again, of which
    each burns ``per_swap``.
    """
    balance = math.nan if native_balance is None else float(native_balance)
    limit = max(policy.native_gas_min, 2 * per_swap)
    is_passed = (
        native_balance is not None and native_balance.is_finite() and native_balance >= limit
    )
    return GateResult(Gate.GAS, balance, float(limit), is_passed, Outcome.GAS_TOO_LOW)


def cooldown_gate(bars_since_exit: int, policy: SchedulingPolicy) -> GateResult:
    """Return whether the bot rested long enough since it last left a position."""
    wanted = policy.cooldown_bars
    return GateResult(
        Gate.COOLDOWN, bars_since_exit, wanted, bars_since_exit >= wanted, Outcome.ROUTE_COOLDOWN
    )
