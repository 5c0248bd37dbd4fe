"""Evaluate parameter sets: prepare the data once, then one scan per window, one walk per size.

``Evaluator`` is what a worker keeps; it is deterministic and holds no result. ``evaluate`` is the
same as a function of its arguments alone. A window starts cold, as the reference does: its
indicators see nothing before its first bar, unless warm-up bars are asked for, in which case the
system starts that many bars earlier and a position it would already hold is not entered.

Source: reference specification of the optimizer, sections 2, 4 and 13.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.domain.evaluator.curve import equity_curve, exact_moments
from optimizer.domain.evaluator.figures import WindowFacts, metrics_of
from optimizer.domain.evaluator.trades import Trade, trades_of
from optimizer.domain.evaluator.walk import CostArrays, Terms, walk, walk_balances
from optimizer.domain.features.averages import hold_drawdown
from optimizer.domain.features.market import Span, market_prepare
from optimizer.domain.features.recursions import DEFAULT_BYTES, Recursions
from optimizer.domain.metrics import FillModel, Metrics
from optimizer.domain.overlays import Overlays, overlay_signals, overlays_split
from optimizer.domain.periods import MS_PER_DAY, Window, window_start
from optimizer.domain.signals import SignalRows, Signals
from optimizer.domain.systems import system_get
from optimizer.domain.systems.base import System, found_make
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE, BarArrays, FloatArray
from trading.market.domain.costs import SwapCostSchedule

ALL: Final = Window("all", None)


@dataclass(frozen=True, slots=True)
class Run:
    """One system with one parameter set over one window with one trade size.

    Attributes:
        params: all parameters, defaults and overlays that are on included.
        trade_rows: float64[k, 10], see ``trades_of``; bar numbers count from the whole data.
    """

    strategy: str
    params: Mapping[str, float]
    window: Window
    span: Span
    fill: FillModel
    metrics: Metrics
    trade_rows: FloatArray

    def trades(self) -> tuple[Trade, ...]:
        """Return the round trips, bar numbers counted from the window's first bar."""
        return trades_of(self.trade_rows, self.span.start)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run: which windows and sizes, where fills happen, how many bars to warm up."""

    windows: Sequence[Window] = (ALL,)
    trade_sizes: Sequence[float] = (1000.0,)
    fill: FillModel = FillModel.NEXT_OPEN
    warm_up_bars: int = 0

    def __post_init__(self) -> None:
        for size in self.trade_sizes:
            if not (math.isfinite(size) and size > 0):
                raise BadInputError(f"trade size was {size!r}; expected quote above 0")
        if self.warm_up_bars < 0:
            raise BadInputError(f"warm-up was {self.warm_up_bars}; expected 0 bars or more")


class Evaluator:
    """One data set and one cost schedule, ready for any number of evaluations."""

    def __init__(
        self,
        bars: BarArrays,
        *,
        step_ms: int,
        costs: SwapCostSchedule,
        cache_bytes: int = DEFAULT_BYTES,
    ) -> None:
        """Prepare the shared arrays.

        Args:
            bars: at least two, oldest first.
            step_ms: length of one bar, ms.
            costs: what swaps cost by notional.
            cache_bytes: most memory recursive indicators may keep.

        Raises:
            BadInputError: fewer than two bars, or a price that is not finite and positive.
        """
        if len(bars) < 2:
            raise BadInputError(f"the candles hold {len(bars)} bars; expected 2 or more")
        self.bars = bars
        self.step_ms = step_ms
        self.market = market_prepare(bars)
        self.recursions = Recursions(self.market, cache_bytes)
        self._costs = CostArrays(costs.notional, costs.loss_rate, costs.buy_gas, costs.sell_gas)
        self._found = found_make(len(bars))
        self._facts: dict[Span, WindowFacts] = {}

    def span(self, window: Window) -> Span:
        """Return the bars of ``window``."""
        return Span(window_start(self.bars.open_time, window), len(self.bars))

    def facts(self, span: Span) -> WindowFacts:
        """Return length, days and buy-and-hold of ``span``; computed once."""
        found = self._facts.get(span)
        if found is None:
            close, times = self.market.bars[CLOSE], self.bars.open_time
            days = (int(times[span.stop - 1]) - int(times[span.start])) // MS_PER_DAY
            found = self._facts[span] = WindowFacts(
                bars=span.stop - span.start,
                step_ms=self.step_ms,
                hold_gain=float(close[span.stop - 1] / close[span.start] - 1.0),
                hold_drawdown=float(hold_drawdown(self.market.bars, *span)),
                days=float(max(1, days)),
            )
        return found

    def signals(
        self, system: System, params: Mapping[str, float], span: Span, warm_up_bars: int = 0
    ) -> Signals:
        """Return a system's signals over ``span``; resolved parameters, own arrays."""
        vector = system.strategy.kernel_params(params, self.step_ms)
        scanned = Span(max(0, span.start - warm_up_bars), span.stop)
        count = system.scan(self.market, self.recursions, scanned, vector, self._found)
        found = self._found
        first = int(np.searchsorted(found.at[:count], span.start)) if warm_up_bars else 0
        return Signals(found.at[first:count].copy(), found.side[first:count].copy())

    def run(
        self, signals: Signals, span: Span, trade_size: float, fill: FillModel, cap: float = 0.0
    ) -> tuple[Metrics, FloatArray]:
        """Return metrics and trade rows of given signals; ``cap`` is the breaker's, 0 for none."""
        terms = Terms(float(trade_size), fill is FillModel.NEXT_OPEN, float(cap))
        books, rows = walk(self.market, self._costs, terms, span, signals)
        metrics = metrics_of(
            books,
            self.facts(span),
            terms.trade_size,
            terms.is_next_open,
            lambda: exact_moments(equity_curve(self.market, span, terms.trade_size, rows)),
        )
        return metrics, rows

    def balances(
        self, rows: SignalRows, span: Span, trade_size: float, fill: FillModel
    ) -> FloatArray:
        """Return the final balances of many runs alone, quote, which is what random draws need."""
        terms = Terms(float(trade_size), fill is FillModel.NEXT_OPEN, 0.0)
        found: FloatArray = walk_balances(self.market, self._costs, terms, span, rows)
        return found

    def evaluate(
        self, system: System | str, params: Mapping[str, float], plan: Plan
    ) -> tuple[Run, ...]:
        """Return the runs of one parameter set: windows outer, trade sizes inner.

        Raises:
            BadInputError: an unknown system or parameter, or a value out of range.
        """
        if isinstance(system, str):
            system = system_get(system)
        own, overlays = overlays_split(params)
        resolved = system.strategy.resolve(own)
        every = {**resolved, **overlays.as_params()}
        runs = []
        for window in plan.windows:
            span = self.span(window)
            signals = self.signals(system, resolved, span, plan.warm_up_bars)
            signals = overlay_signals(self.market, span, signals, overlays, self.step_ms)
            for size in plan.trade_sizes:
                metrics, rows = self.run(signals, span, size, plan.fill, overlays.drawdown_cap)
                runs.append(Run(system.name, every, window, span, plan.fill, metrics, rows))
        return tuple(runs)

    def curve(self, run: Run) -> FloatArray:
        """Return the equity of every bar of a run's window, quote, float64[bars]."""
        size = run.metrics.initial_balance
        curve: FloatArray = equity_curve(self.market, run.span, size, run.trade_rows)
        return curve


def evaluate(
    *,
    strategy: str,
    params: Mapping[str, float],
    bars: BarArrays,
    step_ms: int,
    costs: SwapCostSchedule,
    plan: Plan | None = None,
) -> tuple[Run, ...]:
    """Return the runs of one parameter set over ``bars``, preparing them for this call only."""
    evaluator = Evaluator(bars, step_ms=step_ms, costs=costs)
    return evaluator.evaluate(strategy, params, plan or Plan())


__all__ = ["ALL", "Evaluator", "FillModel", "Overlays", "Plan", "Run", "evaluate"]
