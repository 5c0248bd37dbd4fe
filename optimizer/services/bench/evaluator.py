"""How many evaluations a second, beside vectorbt, backtesting.py, a plain loop and the limit.

Everything is measured in CPU seconds of one process, so that a busy neighbour changes little; the
peers run in the same minute on the same bars. Ours counts the whole way of a trial: checking the
parameters, scan, walk, all metrics and seven objectives.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.domain.objectives import PUBLISHED as OBJECTIVES
from optimizer.domain.objectives import objective_scores
from optimizer.domain.systems import PUBLISHED, SYSTEMS
from optimizer.domain.systems.base import System
from optimizer.ports.peers import PeerFigures, PeerJob, PeerRunner
from optimizer.services.bench.rules import HAND_KERNELS, RULES, hand_room
from trading.domain.execution.costs import SwapCostSchedule
from trading.domain.market.bars import BarArrays
from trading.domain.signals.strategies.base import Param

SYNTHETIC_BARS: Final = 210_240  # two years of five minutes
STEP_MS: Final = 300_000
SETS: Final = 60
FEE: Final = 0.01
CASH: Final = 1000.0
PAIRS: Final = {
    "sma_cross": ((100, 500), (50, 400), (200, 1000), (150, 700)),
    "donchian": ((576, 288), (1000, 500), (2000, 300), (288, 288)),
}
TARGET_PER_SECOND: Final = 300.0
TARGET_VECTORBT: Final = 100.0
TARGET_LIMIT: Final = 2.5
Clock = Callable[[], float]  # CPU seconds of this process


def synthetic_bars(rng: np.random.Generator, n: int = SYNTHETIC_BARS) -> BarArrays:
    """Return a random walk of ``n`` bars without gaps."""
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.002, n)))
    open_ = np.concatenate([[100.0], close[:-1]]) * (1.0 + rng.normal(0.0, 1e-4, n))
    spread = np.abs(rng.normal(0.0, 0.001, (2, n)))
    high = np.maximum(open_, close) * (1.0 + spread[0])
    low = np.minimum(open_, close) * (1.0 - spread[1])
    values = np.stack([open_, high, low, close, rng.lognormal(3.0, 1.0, n)])
    times = 1_577_836_800_000 + STEP_MS * np.arange(n, dtype=np.int64)
    return BarArrays(times, np.ascontiguousarray(values), np.zeros(n, dtype=np.uint8))


def flat_fee(fee: float) -> SwapCostSchedule:
    """Return the schedule of a constant fee per side."""
    return SwapCostSchedule(np.array([1e9]), np.array([2 * fee]), np.zeros(1), np.zeros(1))


def _drawn(param: Param, rng: np.random.Generator) -> float:
    if param.kind == "int":
        return int(rng.integers(int(param.low), int(param.high) + 1))
    return float(rng.uniform(param.low, param.high)) if param.high > param.low else param.low


@dataclass(frozen=True, slots=True)
class Timed:
    """Evaluations made and the CPU seconds they took."""

    evaluations: int
    cpu_s: float

    @property
    def per_second(self) -> float:
        """Return evaluations per CPU second."""
        return self.evaluations / self.cpu_s


def _evaluate_all(
    evaluator: Evaluator, system: System, sets: Sequence[Mapping[str, float]], clock: Clock
) -> Timed:
    plan = Plan(trade_sizes=(CASH,))
    evaluator.evaluate(system, sets[0], plan)
    began = clock()
    for params in sets:
        (run,) = evaluator.evaluate(system, params, plan)
        objective_scores(run.metrics, OBJECTIVES)
    return Timed(len(sets), clock() - began)


def strategies_measure(
    evaluator: Evaluator, rng: np.random.Generator, clock: Clock
) -> dict[str, Any]:
    """Return evaluations per second of every published system on random parameters."""
    rates = {}
    for name in PUBLISHED:
        system = SYSTEMS[name]
        sets = [
            {param.name: _drawn(param, rng) for param in system.strategy.params}
            for _ in range(SETS)
        ]
        rates[name] = round(_evaluate_all(evaluator, system, sets, clock).per_second, 1)
    return {
        "bars": len(evaluator.bars),
        "evaluations_per_second": rates,
        "median": round(statistics.median(rates.values()), 1),
    }


def _rule_measure(evaluator: Evaluator, rule: str, clock: Clock) -> dict[str, Any]:
    system, kernel = RULES[rule], HAND_KERNELS[rule]
    first, second = (param.name for param in system.strategy.params)
    pairs = PAIRS[rule]
    sets = [{first: a, second: b} for a, b in pairs] * (SETS // len(pairs) * 4)
    ours = _evaluate_all(evaluator, system, sets, clock)
    room = hand_room(len(evaluator.bars))
    kernel(evaluator.market, pairs[0], CASH, FEE, room)
    began = clock()
    for params in sets:
        kernel(evaluator.market, (params[first], params[second]), CASH, FEE, room)
    limit = Timed(len(sets), clock() - began)
    runs = [evaluator.evaluate(system, params, Plan())[0] for params in sets[: len(pairs)]]
    return {
        "ours": round(ours.per_second, 1),
        "hand_written": round(limit.per_second, 1),
        "behind_hand_written": round(limit.per_second / ours.per_second, 2),
        "trades": [run.metrics.num_trades for run in runs],
        "returns_pct": [round(run.metrics.total_return_pct, 4) for run in runs],
    }


def _beside(rows: dict[str, Any], peers: Sequence[PeerFigures]) -> None:
    for figures in peers:
        row = rows[figures.rule]
        row.setdefault("peers", {})[figures.peer] = (
            {"reason": figures.reason}
            if figures.reason
            else {
                "evaluations_per_second": round(figures.per_second, 3),
                "times_faster": round(row["ours"] / figures.per_second, 1),
                "trades": list(figures.trades),
                "returns_pct": [round(value, 4) for value in figures.returns_pct],
            }
        )


def _targets(answer: Mapping[str, Any]) -> dict[str, bool | None]:
    rules = answer["rules"]
    times = [row.get("peers", {}).get("vectorbt", {}).get("times_faster") for row in rules.values()]
    file = answer["file"]
    return {
        "median_300_per_second_on_file": file["median"] >= TARGET_PER_SECOND if file else None,
        "100_times_vectorbt": None if None in times else min(times) >= TARGET_VECTORBT,
        "within_2_5_of_hand_written": all(
            row["behind_hand_written"] <= TARGET_LIMIT for row in rules.values()
        ),
    }


def evaluator_bench(
    *,
    file: tuple[BarArrays, int, SwapCostSchedule] | None,
    peers: PeerRunner | None,
    rng: np.random.Generator,
    cpu_clock: Clock,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench evaluator``.

    Args:
        file: real candles, their step in ms and their costs; None measures synthetic bars only.
        peers: None leaves the peers out.
        rng: draws the parameters and the synthetic bars.
        cpu_clock: CPU seconds of this process.
        say: told what is measured next.
    """
    answer: dict[str, Any] = {"bench": "evaluator", "objectives": len(OBJECTIVES), "file": None}
    if file is not None:
        say(f"strategies on the file, {len(file[0]):,} bars")
        evaluator = Evaluator(file[0], step_ms=file[1], costs=file[2])
        answer["file"] = strategies_measure(evaluator, rng, cpu_clock)
    bars = synthetic_bars(rng)
    evaluator = Evaluator(bars, step_ms=STEP_MS, costs=flat_fee(FEE))
    say(f"strategies on {len(bars):,} synthetic bars")
    answer["synthetic"] = strategies_measure(evaluator, rng, cpu_clock)
    say("textbook rules, ours and by hand")
    answer["rules"] = {rule: _rule_measure(evaluator, rule, cpu_clock) for rule in RULES}
    if peers is not None:
        say("peers")
        _beside(answer["rules"], peers.measure(PeerJob(bars.values, FEE, CASH, PAIRS)))
    answer["targets"] = _targets(answer)
    return answer
