"""One answer of one gate: what was observed, what the limit was, and whether it passed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trading.base.domain.reasons import Gate, Outcome


class GateResult(NamedTuple):
    """A gate's verdict; ``outcome`` is what the record says when this gate is the first to fail.

    ``observed`` and ``limit`` are in the gate's unit (``GATE_TEXT``); a value that could not be
    observed is NaN and the gate fails.
    """

    gate: Gate
    observed: float
    limit: float
    is_passed: bool
    outcome: Outcome


def failed_outcome(results: Sequence[GateResult]) -> Outcome:
    """Return what the first gate that failed says; the caller knows that one did."""
    return next(result.outcome for result in results if not result.is_passed)
