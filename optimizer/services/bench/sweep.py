"""Measure whole studies: trials a second end to end, what cores do meanwhile, what is overhead.

Each study is the real command in a process and a data directory of its own, once with one worker
and once with one per core, so that the figures are those an operator gets. The limits are those of
the optimizer issue, acceptance 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

RATE_LIMIT: Final = 300.0  # trials a second, end to end
BUSY_LIMIT: Final = 0.9  # share of the granted cores' time
EFFICIENCY_LIMIT: Final = 0.9
OVERHEAD_LIMIT: Final = 0.2  # suggest, store and report, of wall time
GROWTH_LIMIT: Final = 1.1  # memory of a worker at the end over that after a tenth of the trials
_SEVEN: Final = "final_balance,profit_biased,mar,cps_v2,cps_v2_profit_biased,utility,cps"

Run = Callable[[Sequence[str]], Mapping[str, Any]]


def sweep_bench(
    *, run: Run, n_trials: int, n_workers: int, seed: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Return the figures of a population sampler and of TPE.

    Args:
        run: ``optimize run`` with these words and candles of its own; returns its JSON object.
        n_trials: of every study.
        n_workers: to compare with one.
        seed: of every study.
        say: told what is going on.
    """
    answer: dict[str, Any] = {"workers": n_workers}
    for sampler in ("cmaes", "tpe"):
        figures = []
        for count in (1, n_workers):
            say(f"{n_trials:,} trials by {sampler}, {count} workers")
            words = [
                *("--strategies", "all", "--objectives", _SEVEN, "--windows", "30d,90d,1y"),
                *("--trials", str(n_trials), "--sampler", sampler, "--seed", str(seed)),
                *("--max-workers", str(count)),
            ]
            figures.append(run(words)["figures"])
        answer[sampler] = sweep_figures(figures[0], figures[1], n_workers)
    answer["targets"] = sweep_targets(answer["cmaes"])
    return answer


def sweep_figures(
    one: Mapping[str, Any], many: Mapping[str, Any], n_workers: int
) -> dict[str, Any]:
    """Return what one worker and ``n_workers`` workers did, as rates and shares."""
    early = float(many["worker_early_mb"])
    return {
        "trials": many["trials"],
        "trials_per_second": many["trials_per_second"],
        "times_the_limit": round(many["trials_per_second"] / RATE_LIMIT, 2),
        "search_per_second": many["search_per_second"],
        "search_per_second_one_worker": one["search_per_second"],
        "parallel_efficiency": _efficiency(one, many, n_workers, "search_per_second"),
        "parallel_efficiency_end_to_end": _efficiency(one, many, n_workers, "trials_per_second"),
        "cpu_utilisation": many["cpu_utilisation"],
        "overhead_share": many["overhead_share"],
        "memory_growth": round(many["worker_last_mb"] / early, 3) if early else None,
        "worker_mb": many["worker_last_mb"],
        "wall_s": many["wall_s"] | {"all": many["elapsed_s"]},
    }


def _efficiency(
    one: Mapping[str, Any], many: Mapping[str, Any], n_workers: int, rate: str
) -> float | None:
    return round(many[rate] / (n_workers * one[rate]), 3) if one[rate] else None


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
