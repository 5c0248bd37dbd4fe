"""Add up the figures of a study's runs: what is shown is the study's and not the last run's.

A run that was killed has the figures it wrote last; what it did in the seconds after that is in no
sum, neither its trials nor its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

OVERHEAD: Final = ("suggest", "store", "report")  # phases that evaluate nothing
_OF_ONE_RUN: Final = (
    *("n_workers", "workers", "cores", "worker_first_mb", "worker_early_mb", "worker_last_mb"),
)

Run = Mapping[str, Any]


def study_figures(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the figures of all runs together, under the names of ``RunMeter.figures``.

    Workers and their memory are those of the last run that made trials. Empty without figures.
    """
    known = [run for run in runs if "elapsed_s" in run]
    if not known:
        return {}
    made = [run for run in known if run["trials"]] or known[-1:]
    n_trials, elapsed_s = sum(run["trials"] for run in known), _sum(known, "elapsed_s")
    search_s, wall = _sum(made, "search_s"), _merged(known, "wall_s")
    overhead = sum(wall.get(phase, 0.0) for phase in OVERHEAD)
    return {
        "trials": n_trials,
        "elapsed_s": elapsed_s,
        "search_s": search_s,
        "trials_per_second": _rate(n_trials, elapsed_s),
        "search_per_second": _rate(n_trials, search_s),
        "cpu_utilisation": _utilisation(made),
        "overhead_share": round(overhead / max(elapsed_s, 1e-9), 4),
        "wall_s": wall,
        "worker_cpu_s": _sum(known, "worker_cpu_s"),
        "orchestrator_cpu_s": _sum(known, "orchestrator_cpu_s"),
        **{name: made[-1].get(name) for name in _OF_ONE_RUN},
        "workers_replaced": sum(run.get("workers_replaced", 0) for run in known),
    }


def _rate(count: int, seconds: float) -> float:
    return round(count / max(seconds, 1e-9), 2)


def _sum(runs: Sequence[Run], name: str) -> float:
    return round(sum(float(run.get(name, 0.0)) for run in runs), 3)


def _merged(runs: Sequence[Run], name: str) -> dict[str, float]:
    phases = dict.fromkeys(phase for run in runs for phase in run.get(name, {}))
    return {
        phase: round(sum(run.get(name, {}).get(phase, 0.0) for run in runs), 3) for phase in phases
    }


def _utilisation(runs: Sequence[Run]) -> float | None:
    """Return the mean over the granted time of all cores; None where one run's is not known."""
    busy_s = granted_s = 0.0
    for run in runs:
        share, cores = run.get("cpu_utilisation"), run.get("cores") or run.get("n_workers") or 1
        if share is None:
            return None
        busy_s += float(share) * run["search_s"] * cores
        granted_s += run["search_s"] * cores
    return round(busy_s / granted_s, 4) if granted_s else None
