"""Forecast by carrying on the recent drift: a baseline without any claim of skill.

It answers one question only: if log returns kept the exponentially weighted mean and variance they
had lately and were independent, how likely is a higher close ``h`` bars ahead?

    p_up = Phi(mean * h / sqrt(variance * h))

Returns of real markets have next to no such memory, so this is a coin with a slight lean. It is
what a learned model must beat before it may replace it, and it lets the desk run before one exists.

Source: random walk with drift, the textbook baseline of any return forecast.
"""

from __future__ import annotations

import math
from typing import Final

from trading.base.domain.errors import InvariantError
from trading.learning.domain.forecasting.base import Forecast, forecast_gate
from trading.market.domain.bars import FloatArray
from trading.market.domain.timeframes import MS_PER_MINUTE
from trading.signals.domain.strategies.base import Feature, FeatureKind

_MEMORY_MS: Final = 720 * MS_PER_MINUTE  # 12 h
_LEAST_BARS: Final = 24

__all__ = ["NaiveDriftForecaster", "forecast_gate"]


class NaiveDriftForecaster:
    """Carry on the drift of about the last 12 hours (at least 24 bars)."""

    __slots__ = ()

    name: Final = "naive-drift-1"

    def features(self, step_ms: int) -> tuple[Feature, ...]:
        """Return mean and variance of one-bar log returns over the memory."""
        period = max(_LEAST_BARS, round(_MEMORY_MS / step_ms))
        return (
            Feature(FeatureKind.EWMA_RETURN, period),
            Feature(FeatureKind.EWMA_VARIANCE, period),
        )

    def forecast(self, view: FloatArray, horizon_bars: int) -> Forecast | None:
        """Return the baseline's forecast, None while mean or variance is NaN.

        Args:
            view: float64[2], mean and variance of one-bar log returns.
            horizon_bars: distance, bars, at least 1.

        Raises:
            InvariantError: the distance is below 1.
        """
        if horizon_bars < 1:
            raise InvariantError(f"horizon_bars was {horizon_bars}; expected at least 1")
        mean, variance = float(view[0]), float(view[1])
        if math.isnan(mean) or math.isnan(variance):
            return None
        drift = mean * horizon_bars
        spread = math.sqrt(max(variance, 0.0) * horizon_bars)
        return Forecast(_normal_cdf(drift, spread), math.expm1(drift), horizon_bars, self.name)


def _normal_cdf(drift: float, spread: float) -> float:
    # Without any spread the drift is certain; without either nothing is known.
    if spread == 0.0:
        return 0.5 + 0.5 * (drift > 0) - 0.5 * (drift < 0)
    return 0.5 * math.erfc(-drift / (spread * math.sqrt(2.0)))
