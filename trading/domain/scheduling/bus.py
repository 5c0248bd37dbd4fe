"""Choose which proposals travel on this bar: worth their cost, payable, rested, and with a seat.

The bus scheduler never says a silent no. Every proposal ends as a directive or as a denial with
the place it had in the queue, and every gate before it says what it saw and what it wanted;
counting them into a funnel is the caller's.

Source: desk specification 8 and 12 (R10, R13), client plan 0 ("Scheduling tweaks").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from trading.domain.errors import InvariantError
from trading.domain.execution.orders import short_hash
from trading.domain.gates import GateResult
from trading.domain.policy import SchedulingPolicy
from trading.domain.reasons import Gate, Outcome
from trading.domain.signals.proposals import Proposal

_ID_BYTES: Final = 10  # 16 characters


@dataclass(frozen=True, slots=True)
class Directive:
    """The scheduler's order to act on a proposal, before risk had its say.

    Attributes:
        id: the same for the same bot, side and bar, so that one decision is never carried out
            twice; unique within a session.
        expires: close time of the bar it was made for, ms UTC; it is never acted on later.
        gate: the seat it got.
    """

    proposal: Proposal
    id: str
    expires: int
    gate: GateResult


class Selection(NamedTuple):
    """Who travels, best first, and who does not (bot index and the seat gate it failed)."""

    directives: tuple[Directive, ...]
    denied: tuple[tuple[int, GateResult], ...]


class BusScheduler:
    """Gives the seats of one bar to the proposals with the highest conviction."""

    @staticmethod
    def select(proposals: Sequence[Proposal], seats_left: int) -> Selection:
        """Return a directive or a denial for every proposal.

        Proposals are ranked by conviction, the lower bot index first among equals; the order of
        ``proposals`` changes nothing.

        Raises:
            InvariantError: a conviction is not finite, or one bot proposes twice.
        """
        bots = [proposal.bot_index for proposal in proposals]
        if len(set(bots)) != len(bots):
            raise InvariantError(f"bots proposed more than once on one bar: {sorted(bots)}")
        if not all(math.isfinite(proposal.conviction) for proposal in proposals):
            raise InvariantError("a proposal's conviction was not finite")
        seats = max(0, seats_left)
        directives: list[Directive] = []
        denied: list[tuple[int, GateResult]] = []
        ranked = sorted(proposals, key=lambda proposal: (-proposal.conviction, proposal.bot_index))
        for place, proposal in enumerate(ranked, start=1):
            gate = GateResult(Gate.SEAT, place, seats, place <= seats, Outcome.NOT_SELECTED)
            if gate.is_passed:
                directives.append(
                    Directive(proposal, _directive_id(proposal), proposal.bar_time, gate)
                )
            else:
                denied.append((proposal.bot_index, gate))
        return Selection(tuple(directives), tuple(denied))


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


def gas_gate(native_balance: Decimal | None, policy: SchedulingPolicy) -> GateResult:
    """Return whether the chain coin suffices; only asked for pairs on a chain, None is unknown."""
    balance = math.nan if native_balance is None else float(native_balance)
    limit = policy.native_gas_min
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


def _directive_id(proposal: Proposal) -> str:
    text = f"{proposal.bot_index}\x1f{proposal.side}\x1f{proposal.bar_time}"
    return short_hash(text, n_bytes=_ID_BYTES)
