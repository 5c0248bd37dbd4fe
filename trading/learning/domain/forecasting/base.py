"""Say what a forecast is and how one gates an entry.

A forecaster reads streamed features only, so it knows closed bars only. It is part of the decision
core: pure, deterministic, no state of its own between bars.

Source: reference specification architecture 7 (station 4), desk issue "forecaster port".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.side import Side
from trading.learning.domain.policy import ForecastPolicy
from trading.market.domain.bars import FloatArray
from trading.signals.domain.strategies.base import Feature


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a model expects of the close ``horizon_bars`` ahead.

    Attributes:
        p_up: probability that it is higher than now, 0 to 1.
        expected_return: expected change as a fraction of the price now.
        horizon_bars: distance, bars.
        model: name and version of what said so.
    """

    p_up: float
    expected_return: float
    horizon_bars: int
    model: str

    def probability(self, side: Side) -> float:
        """Return the probability that the price moves in favour of ``side``."""
        return self.p_up if side is Side.BUY else 1.0 - self.p_up


class Forecaster(Protocol):
    """Something that turns current features into a forecast."""

    @property
    def name(self) -> str:
        """Return the name and version written into every forecast."""
        ...

    def features(self, step_ms: int) -> tuple[Feature, ...]:
        """Return the features ``forecast`` reads, in its order, for bars of ``step_ms``."""
        ...

    def forecast(self, view: FloatArray, horizon_bars: int) -> Forecast | None:
        """Return the forecast, None only while a feature is not warm.

        Args:
            view: float64[m], the current values of ``features``.
            horizon_bars: distance, bars, at least 1.
        """
        ...


def forecast_gate(forecast: Forecast | None, side: Side, policy: ForecastPolicy) -> GateResult:
    """Return whether the forecast lets an entry on ``side`` pass; no forecast does not."""
    if forecast is None:
        return GateResult(
            Gate.FORECAST, math.nan, policy.p_up_min, False, Outcome.FORECAST_UNAVAILABLE
        )
    probability = forecast.probability(side)
    return GateResult(
        Gate.FORECAST,
        probability,
        policy.p_up_min,
        probability >= policy.p_up_min,
        Outcome.FORECAST_DISAGREES,
    )
