"""Evaluate one parameter set on one window and say what it earned, cost and scored."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, Plan, Run
from optimizer.domain.metrics import yearly_pct
from optimizer.domain.objectives import objective_scores
from optimizer.domain.overlays import PARAMS, overlay_check
from optimizer.domain.periods import MS_PER_DAY
from optimizer.domain.study.gaps import gap_warnings, is_annual_off
from optimizer.domain.study.stretches import Stretch, Stretches, cut_warnings
from optimizer.domain.systems import system_get
from optimizer.domain.systems.base import System
from optimizer.services.studies.open.problems import Problems
from optimizer.services.studies.open.typed import name_check, shortened
from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock
from trading.market.domain.bars import BarArrays, IntArray

_MOST: Final = sys.float_info.max  # of a parameter: JSON knows whole numbers without an end


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run with its scores; ``elapsed_s`` counts scan, walk and scores, not the loading."""

    run: Run
    objectives: Mapping[str, float]
    bars: BarArrays
    elapsed_s: float

    def as_dict(self) -> dict[str, Any]:
        """Return what the command prints; what is not finite is None."""
        run, start = self.run, self.run.span.start
        times = self.bars.open_time
        return {
            "strategy": run.strategy,
            "params": dict(run.params),
            "window": run.window.label,
            "fill": run.fill.value,
            "trade_size": run.metrics.initial_balance,
            "bars": run.span.stop - start,
            "first_bar": _moment(int(times[start])),
            "last_bar": _moment(int(times[-1])),
            "metrics": run.metrics.as_dict(),
            "objectives": {
                name: score if math.isfinite(score) else None
                for name, score in self.objectives.items()
            },
            "trades": [
                asdict(trade)
                | {
                    "entry_time": _moment(int(times[start + trade.entry_index])),
                    "exit_time": _moment(int(times[start + trade.exit_index])),
                }
                for trade in run.trades()
            ],
            "elapsed_s": round(self.elapsed_s, 6),
        }


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def params_parse(text: str) -> dict[str, float]:
    """Return the parameters written as a JSON object of numbers.

    Raises:
        BadInputError: it is not one, or values are not numbers; it says all that are not.
    """
    try:
        given = json.loads(text)
    except ValueError as error:  # a number of thousands of digits as well
        raise BadInputError(
            f"params were {shortened(text)!r}, which is not JSON: {error}"
        ) from error
    if not isinstance(given, dict):
        raise BadInputError(
            f'params were {shortened(text)!r}; expected an object such as {{"n_sma": 576}}'
        )
    problems = Problems()
    for name, value in given.items():
        with problems.at(f"parameter {name}"):
            _number_check(name_check(name), value)
    problems.settle()
    return given


def _number_check(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _MOST:
        raise BadInputError(f"parameter {name} was {shortened(repr(value))}; expected a number")


def params_check(system: System, params: Mapping[str, float]) -> None:
    """Refuse parameters a system cannot be run with; overlays are among them.

    Raises:
        InvalidRequestError: some are unknown or out of range; it says all that are.
    """
    problems = Problems()
    for name, value in params.items():
        with problems.at(f"parameter {name}"):
            if not overlay_check(name, params):
                system.strategy.resolve({name: value})
    with problems.at("parameters"):
        known = params.keys() - {param.name for param in PARAMS}
        if not problems.sentences:
            system.strategy.resolve({name: params[name] for name in known})
    problems.settle()


def params_unread(system: System, params: Mapping[str, float]) -> tuple[str, ...]:
    """Return a sentence for every parameter that was given and changes nothing."""
    return tuple(
        f"parameter {param.name} was {params[param.name]:g} and changes nothing: {system.name} "
        "never reads it"
        for param in system.strategy.params
        if not param.is_read and params.get(param.name)
    )


def step_of(open_time: IntArray) -> int:
    """Return the length of one bar, ms: the most frequent distance between neighbours.

    Args:
        open_time: int64[n], ms UTC.

    Raises:
        BadInputError: fewer than two bars, or no time goes forward.
    """
    steps = np.diff(np.sort(open_time))
    steps = steps[steps > 0]
    if not steps.size:
        raise BadInputError("the timeframe cannot be told from fewer than two bars; give it")
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])


def evaluation_get(
    *,
    evaluator: Evaluator,
    strategy: str,
    params: Mapping[str, float],
    plan: Plan,
    clock: Clock,
) -> Evaluation:
    """Return the first window and trade size of ``plan`` evaluated.

    Raises:
        BadInputError: the strategy or a parameter cannot be used.
    """
    system = system_get(strategy)
    # The first call in a process loads the compiled kernels; that is not what a trial costs.
    evaluator.evaluate(system, params, plan)
    started = clock.monotonic()
    run = evaluator.evaluate(system, params, plan)[0]
    scores = objective_scores(run.metrics)
    return Evaluation(run, scores, evaluator.bars, clock.monotonic() - started)


def evaluation_warnings(evaluation: Evaluation, step_ms: int) -> tuple[str, ...]:
    """Return what has to be known of the window, in sentences.

    Args:
        evaluation: the run.
        step_ms: length of one bar.
    """
    times, run = evaluation.bars.open_time, evaluation.run
    window = Stretch(run.window.label, int(times[run.span.start]), int(times[-1]) + step_ms)
    cut = cut_warnings(Stretches((window,)), int(times[0]))
    gaps = gap_warnings(times[run.span.start :], step_ms, f"window {window.label}")
    if is_annual_off(times[run.span.start :], step_ms):
        days = (window.ends - window.begins) / MS_PER_DAY
        growth = yearly_pct(run.metrics.total_return_pct, days)
        gaps += (f"over the {days:,.4g} days that passed this run grew {growth:,.4g} % a year",)
    return cut + gaps
