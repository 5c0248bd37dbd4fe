"""Compile every kernel, or load it from the cache, before the first trial is timed or waited for.

A first run on a machine compiles for about a minute; afterwards the machine code comes from the
kernel cache in a second. Workers call this once when they start.
"""

from __future__ import annotations

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, FillModel, Plan
from optimizer.domain.systems import SYSTEMS
from trading.market.domain.bars import BarArrays
from trading.market.domain.costs import SwapCostSchedule

_BARS = 64
_STEP_MS = 300_000


def _waves() -> BarArrays:
    close = 1.0 + 0.1 * np.sin(np.arange(_BARS) / 5.0)
    values = np.stack([close, close * 1.01, close * 0.99, close, np.ones(_BARS)])
    times = _STEP_MS * np.arange(_BARS, dtype=np.int64)
    return BarArrays(times, np.ascontiguousarray(values), np.zeros(_BARS, dtype=np.uint8))


def kernels_warm() -> int:
    """Run every system once over a few bars; return how many were run."""
    costs = SwapCostSchedule(np.array([1e6]), np.array([0.01]), np.zeros(1), np.zeros(1))
    evaluator = Evaluator(_waves(), step_ms=_STEP_MS, costs=costs)
    overlays = {"max_equity_drawdown_pct": 0.5, "risk_cap_pct": 0.05}
    for name in SYSTEMS:
        for fill in FillModel:
            for run in evaluator.evaluate(name, overlays, Plan(fill=fill)):
                evaluator.curve(run)
    return len(SYSTEMS)
