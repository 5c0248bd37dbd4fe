"""How many evaluations a second, beside vectorbt, backtesting.py, a plain loop and the limit.

Everything is measured in CPU seconds of one process. Neighbours on a machine slow its memory down
for seconds at a time, so all are measured by turns on the same bars, in several rounds, and medians
over the rounds count. Ours counts the whole way of a trial: checking the parameters, scan, walk,
all metrics and seven objectives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from statistics import median
from typing import Any, Final

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.objectives import PUBLISHED as OBJECTIVES
from optimizer.domain.systems import PUBLISHED, SYSTEMS
from optimizer.ports.peers import PeerJob, PeerRound, PeerRunner
from optimizer.services.bench.beside import CASH, FEE, PAIRS, RuleRound, rule_figures, rule_round
from optimizer.services.bench.rules import RULES
from optimizer.services.bench.timing import Clock, timed_evaluate
from trading.market.domain.bars import BarArrays
from trading.market.domain.costs import SwapCostSchedule
from trading.signals.domain.strategies.base import Param

SYNTHETIC_BARS: Final = 210_240  # two years of five minutes
STEP_MS: Final = 300_000
SETS: Final = 60
ROUNDS: Final = 5
TARGET_PER_SECOND: Final = 300.0
TARGET_VECTORBT: Final = 100.0
TARGET_LIMIT: Final = 2.5
Rates = dict[str, list[float]]  # evaluations per second by strategy, one a round


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


def strategies_round(
    evaluator: Evaluator, rng: np.random.Generator, clock: Clock, rates: Rates
) -> None:
    """Add one round of every published system; its parameters are drawn anew."""
    for name in PUBLISHED:
        system = SYSTEMS[name]
        sets = [
            {param.name: _drawn(param, rng) for param in system.strategy.params}
            for _ in range(SETS)
        ]
        rates.setdefault(name, []).append(
            timed_evaluate(evaluator, system, sets, trade_size=CASH, clock=clock).per_second
        )


def _strategies(evaluator: Evaluator, rates: Rates) -> dict[str, Any]:
    medians = {name: median(values) for name, values in rates.items()}
    return {
        "bars": len(evaluator.bars),
        "evaluations_per_second": {name: round(value, 1) for name, value in medians.items()},
        "median": round(median(medians.values()), 1),
    }


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
    rounds: int,
    rng: np.random.Generator,
    cpu_clock: Clock,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench evaluator``.

    Args:
        file: real candles, their step in ms and their costs; None measures synthetic bars only.
        peers: None leaves the peers out.
        rounds: how often everything is measured; medians count.
        rng: draws the parameters and the synthetic bars.
        cpu_clock: CPU seconds of this process.
        say: told what is measured next.
    """
    bars = synthetic_bars(rng)
    sets = {"synthetic": Evaluator(bars, step_ms=STEP_MS, costs=flat_fee(FEE))}
    if file is not None:
        sets["file"] = Evaluator(file[0], step_ms=file[1], costs=file[2])
    rates: dict[str, Rates] = {name: {} for name in sets}
    rules: dict[str, list[RuleRound]] = {rule: [] for rule in RULES}
    job = PeerJob(bars.values, FEE, CASH, PAIRS)
    alone: PeerRound = tuple
    with nullcontext(alone) if peers is None else peers.rounds(job) as peer_round:
        for turn in range(rounds):
            say(f"round {turn + 1} of {rounds}: strategies, rules by hand, peers")
            for name, evaluator in sets.items():
                strategies_round(evaluator, rng, cpu_clock, rates[name])
            figures = peer_round()
            for rule, done in rules.items():
                mine = [row for row in figures if row.rule == rule]
                done.append(rule_round(sets["synthetic"], rule, mine, cpu_clock))
    answer: dict[str, Any] = {
        "bench": "evaluator",
        "objectives": len(OBJECTIVES),
        "rounds": rounds,
        "file": None,
        **{name: _strategies(sets[name], found) for name, found in rates.items()},
        "rules": {
            rule: rule_figures(sets["synthetic"], rule, done) for rule, done in rules.items()
        },
    }
    return answer | {"targets": _targets(answer)}
