"""Measure whole studies: trials a second end to end, what cores do meanwhile, what is overhead.

Each study is the real command in a process and a data directory of its own. Parallel efficiency
compares a worker and a core with many workers and as many cores: the orchestrator shares these
cores, in both. Beside it stands the efficiency against a worker whose orchestrator has a core to
itself, which is a study on two cores that counts for one. Other tenants of a machine slow it down
for seconds at a time; so all run by turns, in several rounds, and medians count. The limits are
those of the optimizer issue, acceptance 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from trading.base.domain.errors import InvariantError

RATE_LIMIT: Final = 300.0  # trials a second, end to end
BUSY_LIMIT: Final = 0.9  # share of the granted cores' time
EFFICIENCY_LIMIT: Final = 0.9
OVERHEAD_LIMIT: Final = 0.2  # suggest, store and report, of wall time
GROWTH_LIMIT: Final = 1.1  # memory of a worker at the end over that after a tenth of the trials
SWEEP_ROUNDS: Final = 3
_SEVEN: Final = "final_balance,profit_biased,mar,cps_v2,cps_v2_profit_biased,utility,cps"

# (words, cores granted, None for all) -> its JSON object; None where so few cannot be granted
Run = Callable[[Sequence[str], int | None], Mapping[str, Any] | None]


class SweepPlan(NamedTuple):
    """What to run.

    Attributes:
        n_trials: of every study.
        n_workers: to compare with one, on as many cores.
        n_rounds: how often each sampler is run with one worker and with many.
        seed: of every study.
    """

    n_trials: int
    n_workers: int
    n_rounds: int
    seed: int


class Round(NamedTuple):
    """The figures of studies that ran one after the other.

    Attributes:
        alone: one worker on one core; None where that, or a core for each of many workers, cannot
            be granted.
        one: one worker, all cores.
        many: many workers on as many cores, on all there are where ``alone`` is None.
    """

    alone: Mapping[str, Any] | None
    one: Mapping[str, Any]
    many: Mapping[str, Any]


def sweep_bench(*, run: Run, plan: SweepPlan, say: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures of a population sampler and of TPE.

    Args:
        run: ``optimize run`` with these words and candles of its own.
        plan: what to run.
        say: told what is going on.
    """
    answer: dict[str, Any] = {"workers": plan.n_workers, "rounds": plan.n_rounds}
    for sampler in ("cmaes", "tpe"):
        rounds = []
        for turn in range(plan.n_rounds):
            say(f"round {turn + 1} of {plan.n_rounds}: {plan.n_trials:,} trials by {sampler}")
            rounds.append(_round(run, plan, sampler))
        answer[sampler] = sweep_figures(rounds, plan.n_workers)
    answer["targets"] = sweep_targets(answer["cmaes"])
    return answer


def _round(run: Run, plan: SweepPlan, sampler: str) -> Round:
    words = [
        *("--strategies", "all", "--objectives", _SEVEN, "--windows", "30d,90d,1y"),
        *("--trials", str(plan.n_trials), "--sampler", sampler, "--seed", str(plan.seed)),
        "--max-workers",
    ]
    many = str(plan.n_workers)
    alone, one = run([*words, "1"], 1), run([*words, "1"], None)
    granted = run([*words, many], plan.n_workers)
    if granted is None:  # fewer cores than workers, where nothing can be compared
        alone, granted = None, run([*words, many], None)
    if one is None or granted is None:
        raise InvariantError("a study with all cores gave no figures")
    return Round(alone and alone["figures"], one["figures"], granted["figures"])


def sweep_figures(rounds: Sequence[Round], n_workers: int) -> dict[str, Any]:
    """Return what one worker and ``n_workers`` workers did, as rates and shares.

    Rates and shares are those of the round with the median rate. Efficiencies compare the studies
    of each round; beside the median of the first stand those of all rounds.
    """
    middle = sorted(rounds, key=lambda each: float(each.many["trials_per_second"]))[
        len(rounds) // 2
    ]
    many, early = middle.many, middle.many["worker_early_mb"]
    alone = [(each.alone, each.many) for each in rounds if each.alone is not None]
    beside = [(each.one, each.many) for each in rounds]
    searches = _efficiencies(alone, n_workers, "search_per_second")
    return {
        "trials": many["trials"],
        "trials_per_second": many["trials_per_second"],
        "times_the_limit": round(many["trials_per_second"] / RATE_LIMIT, 2),
        "search_per_second": many["search_per_second"],
        "search_per_second_one_worker": (middle.alone or {}).get("search_per_second"),
        "search_per_second_free_core": middle.one["search_per_second"],
        "parallel_efficiency": _median(searches),
        "parallel_efficiency_rounds": searches,
        "parallel_efficiency_end_to_end": _median(
            _efficiencies(alone, n_workers, "trials_per_second")
        ),
        "parallel_efficiency_free_core": _median(
            _efficiencies(beside, n_workers, "search_per_second")
        ),
        "cpu_utilisation": many["cpu_utilisation"],
        "overhead_share": many["overhead_share"],
        "overhead_share_rounds": [each.many["overhead_share"] for each in rounds],
        "memory_growth": round(many["worker_last_mb"] / early, 3) if early else None,
        "worker_mb": many["worker_last_mb"],
        "wall_s": many["wall_s"] | {"all": many["elapsed_s"]},
    }


def _efficiencies(
    pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], n_workers: int, rate: str
) -> list[float]:
    return [round(many[rate] / (n_workers * one[rate]), 3) for one, many in pairs if one[rate]]


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
