"""Say whether the desk is healthy enough to set money aside, and if not, why not.

The verdict looks at the newest closed round trips: there must be enough of them, together they
must have earned something, and the score of how well forecasts were met must reach its limit. The
original asked for the score alone, which a run of losses passes.

    score = 0.6 / (1 + MAE) + 0.3 * mean confidence + 0.1 * mean tanh|realised|

with MAE the mean absolute difference of predicted and realised return; 0 below eight round trips.

Source: desk specification 6.2 (formula), 14 (explicit, persisted, explainable).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from trading.base.domain.errors import InvariantError
from trading.treasury.domain.policy import SavingsPolicy

MIN_SCORED: Final = 8
_WEIGHT_ERROR, _WEIGHT_CONFIDENCE, _WEIGHT_SIZE = 0.6, 0.3, 0.1


class ClosedRecord(NamedTuple):
    """One closed round trip: returns as fractions of the entry's value, net; confidence 0 to 1."""

    predicted: float
    realised: float
    confidence: float


@dataclass(frozen=True, slots=True)
class EquilibriumState:
    """The newest closed round trips, oldest first; the whole of what the verdict looks at."""

    records: tuple[ClosedRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EquilibriumVerdict:
    """Healthy or not, with the figures; ``blockers`` are sentences, empty when healthy."""

    is_healthy: bool
    score: float
    n: int
    net: float
    blockers: tuple[str, ...]


def record_round_trip(
    state: EquilibriumState, *, predicted: float, realised: float, confidence: float, window: int
) -> EquilibriumState:
    """Return the state with one more round trip, the oldest beyond ``window`` dropped.

    Raises:
        InvariantError: a figure is not finite, or the window is not positive.
    """
    if not all(math.isfinite(value) for value in (predicted, realised, confidence)):
        raise InvariantError(
            f"round trip figures were {predicted=} {realised=} {confidence=}; expected finite ones"
        )
    if window < 1:
        raise InvariantError(f"window was {window}; expected at least 1 round trip")
    new = ClosedRecord(predicted, realised, confidence)
    return EquilibriumState((*state.records, new)[-window:])


def verdict(state: EquilibriumState, policy: SavingsPolicy) -> EquilibriumVerdict:
    """Return whether savings are allowed now, and every condition that is in the way."""
    records = state.records[-policy.window :]
    n, score = len(records), equilibrium_score(records)
    net = math.fsum(record.realised for record in records)
    blockers = []
    if n < policy.min_closes:
        blockers.append(f"{n} round trips closed, {policy.min_closes} needed")
    if not net > 0:
        blockers.append(f"the last {n} round trips earned {net * 100:.2f} % together, not above 0")
    if score < policy.score_min:
        blockers.append(f"equilibrium score is {score:.3f}, {policy.score_min:.3f} needed")
    return EquilibriumVerdict(
        is_healthy=not blockers, score=score, n=n, net=net, blockers=tuple(blockers)
    )


def equilibrium_score(records: tuple[ClosedRecord, ...]) -> float:
    """Return the score of the records, 0 to 1; 0 below eight of them."""
    n = len(records)
    if n < MIN_SCORED:
        return 0.0
    mae = math.fsum(abs(record.predicted - record.realised) for record in records) / n
    confidence = math.fsum(record.confidence for record in records) / n
    size = math.fsum(math.tanh(abs(record.realised)) for record in records) / n
    return (
        _WEIGHT_ERROR / (1 + mae)
        + _WEIGHT_CONFIDENCE * min(1.0, max(0.0, confidence))
        + _WEIGHT_SIZE * size
    )


def score_floor(miss: float) -> float:
    """Return the least score of forecasts that miss by ``miss`` (of the entry's value) on average.

    Neither confidence nor the size of the moves has to add anything.
    """
    return _WEIGHT_ERROR / (1 + miss)


def miss_of(score: float) -> float:
    """Return the average miss below which every score is above ``score``; the other way round."""
    return _WEIGHT_ERROR / score - 1


def score_most(confidence: float) -> float:
    """Return the highest score there is: no miss, that confidence, money doubled each time."""
    return _WEIGHT_ERROR + _WEIGHT_CONFIDENCE * confidence + _WEIGHT_SIZE * math.tanh(1.0)
