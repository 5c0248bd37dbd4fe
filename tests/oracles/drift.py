"""The naive drift as the desk used to reckon it: streamed features and a formula, bar by bar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from trading.market.domain.bars import Bar
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies.base import Feature, FeatureKind


def streamed_drift(
    bars: Iterable[Bar], step_ms: int, horizon_bars: int
) -> Iterator[tuple[float, float] | None]:
    """Yield probability of a rise and expected return after every bar, None while cold."""
    period = max(24, round(720 * 60_000 / step_ms))
    bank = FeatureBank(
        [(Feature(FeatureKind.EWMA_RETURN, period), Feature(FeatureKind.EWMA_VARIANCE, period))]
    )
    for bar in bars:
        bank.update(*bar[1:6])
        mean, variance = (float(value) for value in bank.view(0))
        if math.isnan(mean) or math.isnan(variance):
            yield None
            continue
        drift = mean * horizon_bars
        spread = math.sqrt(max(variance, 0.0) * horizon_bars)
        if spread == 0.0:
            p_up = 0.5 + 0.5 * (drift > 0) - 0.5 * (drift < 0)
        else:
            p_up = 0.5 * math.erfc(-drift / (spread * math.sqrt(2.0)))
        yield p_up, math.expm1(drift)
