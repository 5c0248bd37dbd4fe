"""Measure whole studies: trials a second end to end, what cores do meanwhile, what is overhead.

Each study is the real command in a process and a data directory of its own, with one worker and
with one per core by turns, so that the figures are those an operator gets. Other tenants of a
machine slow it down for seconds at a time; so there are several rounds, and medians count. The
limits are those of the optimizer issue, acceptance 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

RATE_LIMIT: Final = 300.0  # trials a second, end to end
BUSY_LIMIT: Final = 0.9  # share of the granted cores' time
EFFICIENCY_LIMIT: Final = 0.9
OVERHEAD_LIMIT: Final = 0.2  # suggest, store and report, of wall time
GROWTH_LIMIT: Final = 1.1  # memory of a worker at the end over that after a tenth of the trials
SWEEP_ROUNDS: Final = 3
_SEVEN: Final = "final_balance,profit_biased,mar,cps_v2,cps_v2_profit_biased,utility,cps"

Run = Callable[[Sequence[str]], Mapping[str, Any]]


class SweepPlan(NamedTuple):
    """What to run.

    Attributes:
        n_trials: of every study.
        n_workers: to compare with one.
        n_rounds: how often each sampler is run with one worker and with many.
        seed: of every study.
    """

    n_trials: int
    n_workers: int
    n_rounds: int
    seed: int


class Round(NamedTuple):
    """The figures of two studies that ran one after the other: one worker, many workers."""

    one: Mapping[str, Any]
    many: Mapping[str, Any]


def sweep_bench(*, run: Run, plan: SweepPlan, say: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures of a population sampler and of TPE.

    Args:
        run: ``optimize run`` with these words and candles of its own; returns its JSON object.
        plan: what to run.
        say: told what is going on.
    """
    answer: dict[str, Any] = {"workers": plan.n_workers, "rounds": plan.n_rounds}
    for sampler in ("cmaes", "tpe"):
        rounds = []
        for turn in range(plan.n_rounds):
            figures = []
            for count in (1, plan.n_workers):
                say(f"round {turn + 1}: {plan.n_trials:,} trials by {sampler}, {count} workers")
                words = [
                    *("--strategies", "all", "--objectives", _SEVEN, "--windows", "30d,90d,1y"),
                    *(
                        "--trials",
                        str(plan.n_trials),
                        "--sampler",
                        sampler,
                        "--seed",
                        str(plan.seed),
                    ),
                    *("--max-workers", str(count)),
                ]
                figures.append(run(words)["figures"])
            rounds.append(Round(*figures))
        answer[sampler] = sweep_figures(rounds, plan.n_workers)
    answer["targets"] = sweep_targets(answer["cmaes"])
    return answer


def sweep_figures(rounds: Sequence[Round], n_workers: int) -> dict[str, Any]:
    """Return what one worker and ``n_workers`` workers did, as rates and shares.

    Rates and shares are those of the round with the median rate. Efficiency compares the two
    studies of each round, and its median is given beside that of every round.
    """
    one, many = sorted(rounds, key=lambda each: float(each.many["trials_per_second"]))[
        len(rounds) // 2
    ]
    early = float(many["worker_early_mb"])
    searches = _efficiencies(rounds, n_workers, "search_per_second")
    return {
        "trials": many["trials"],
        "trials_per_second": many["trials_per_second"],
        "times_the_limit": round(many["trials_per_second"] / RATE_LIMIT, 2),
        "search_per_second": many["search_per_second"],
        "search_per_second_one_worker": one["search_per_second"],
        "parallel_efficiency": _median(searches),
        "parallel_efficiency_rounds": searches,
        "parallel_efficiency_end_to_end": _median(
            _efficiencies(rounds, n_workers, "trials_per_second")
        ),
        "cpu_utilisation": many["cpu_utilisation"],
        "overhead_share": many["overhead_share"],
        "memory_growth": round(many["worker_last_mb"] / early, 3) if early else None,
        "worker_mb": many["worker_last_mb"],
        "wall_s": many["wall_s"] | {"all": many["elapsed_s"]},
    }


def _efficiencies(rounds: Sequence[Round], n_workers: int, rate: str) -> list[float]:
    return [round(many[rate] / (n_workers * one[rate]), 3) for one, many in rounds if one[rate]]


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 3) if values else None


def sweep_targets(figures: Mapping[str, Any]) -> dict[str, bool | None]:
    """Return which limits are kept; None for what could not be measured."""
    growth, efficiency = figures["memory_growth"], figures["parallel_efficiency"]
    return {
        f"at least {RATE_LIMIT:.0f} trials a second": figures["trials_per_second"] >= RATE_LIMIT,
        "cores busy": figures["cpu_utilisation"] >= BUSY_LIMIT,
        "parallel efficiency": None if efficiency is None else efficiency >= EFFICIENCY_LIMIT,
        "overhead": figures["overhead_share"] < OVERHEAD_LIMIT,
        "memory flat": None if growth is None else growth <= GROWTH_LIMIT,
    }
