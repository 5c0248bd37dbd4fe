"""How the core reads forecasts that came in: the one of its policy's horizon, or why there is none.

The core asks nobody. Runs of forecast sets were put on the session's shelf before the bars they
serve; what is missing or expired there closes the gate with an outcome of its own.
"""

from __future__ import annotations

import math
from typing import Final

from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.side import Side
from trading.learning.domain.forecasting.runs import Shelf
from trading.learning.domain.forecasting.sets import Forecast, Missing
from trading.learning.domain.policy import ForecastPolicy

_MISSING: Final = {
    why: Outcome.FORECAST_EXPIRED if why is Missing.EXPIRED else Outcome.FORECAST_UNAVAILABLE
    for why in Missing
}


def forecast_for(
    shelf: Shelf, pair: str, policy: ForecastPolicy, *, step_ms: int, bar_time: int
) -> Forecast | Missing:
    """Return the forecast an entry on ``pair`` at ``bar_time`` (ms UTC) is held against."""
    return shelf.get(pair, policy.horizon_bars * step_ms, bar_time)


def forecast_gate(found: Forecast | Missing, side: Side, policy: ForecastPolicy) -> GateResult:
    """Return whether the forecast lets an entry on ``side`` pass; a missing one does not."""
    if isinstance(found, Missing):
        return GateResult(Gate.FORECAST, math.nan, policy.p_up_min, False, _MISSING[found])
    probability = found.probability(side)
    return GateResult(
        Gate.FORECAST,
        probability,
        policy.p_up_min,
        probability >= policy.p_up_min,
        Outcome.FORECAST_DISAGREES,
    )


def expected_return(found: Forecast | Missing) -> float:
    """Return what the forecast expects, as a fraction of the price; 0 where there is none."""
    return found.expected if isinstance(found, Forecast) else 0.0
