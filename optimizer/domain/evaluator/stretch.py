"""Run one parameter set over any stretch of bars, not only over a window that ends with the data.

Source: reference specification of the optimizer, sections 2 and 8 (walk-forward).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.features.market import Span
from optimizer.domain.metrics import FillModel
from optimizer.domain.overlays import overlay_signals, overlays_split
from optimizer.domain.periods import Window
from optimizer.domain.systems import system_get

_NO_WINDOW: Final = Window("", None)


@dataclass(frozen=True, slots=True)
class StretchTerms:
    """How every run of a study begins: quote, where fills happen, warm-up bars."""

    trade_size: float
    fill: FillModel
    warm_up_bars: int = 0


def stretch_run(
    evaluator: Evaluator,
    strategy: str,
    params: Mapping[str, float],
    span: Span,
    terms: StretchTerms,
) -> Run:
    """Return the run of one parameter set over ``span``, cold or warmed up as ``terms`` say.

    Args:
        evaluator: holds the bars; only those of the span and its warm-up are looked at.
        strategy: name of a system.
        params: its parameters, overlays among them; the rest are at their defaults.
        span: bars to run over.
        terms: how the run begins.

    Raises:
        BadInputError: an unknown system or parameter, or a value out of range.
    """
    system = system_get(strategy)
    own, overlays = overlays_split(params)
    resolved = system.strategy.resolve(own)
    signals = evaluator.signals(system, resolved, span, terms.warm_up_bars)
    signals = overlay_signals(evaluator.market, span, signals, overlays, evaluator.step_ms)
    size, cap = terms.trade_size, overlays.drawdown_cap
    metrics, rows = evaluator.run(signals, span, size, terms.fill, cap)
    every = {**resolved, **overlays.as_params()}
    return Run(system.name, every, _NO_WINDOW, span, terms.fill, metrics, rows)
