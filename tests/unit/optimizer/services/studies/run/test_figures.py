"""The figures of a study are sums and means over its runs."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.services.studies.run.figures import study_figures


def run(**changes: Any) -> dict[str, Any]:
    """Return the figures of a run of 300 trials in ten seconds, two of them after the search."""
    figures = {
        "owner": "host:1:a",
        "trials": 300,
        "elapsed_s": 10.0,
        "search_s": 8.0,
        "trials_per_second": 30.0,
        "search_per_second": 37.5,
        "cpu_utilisation": 0.9,
        "overhead_share": 0.1,
        "wall_s": {"suggest": 0.5, "store": 0.5, "luck": 2.0},
        "worker_cpu_s": 14.0,
        "orchestrator_cpu_s": 1.0,
        "n_workers": 2,
        "cores": 2,
        "worker_first_mb": 90.0,
        "worker_early_mb": 100.0,
        "worker_last_mb": 101.0,
        "workers_replaced": 1,
    }
    return figures | changes


NOTHING = {"trials": 0, "search_s": 0.1, "cpu_utilisation": 0.0, "worker_last_mb": 0.0}


def test_the_figures_of_the_only_run_are_the_study_s() -> None:
    only = run()
    kept = {name: value for name, value in only.items() if name != "owner"}
    assert study_figures([only]) == {**kept, "workers": None}  # of runs that say nothing of them


def test_a_run_that_only_concludes_adds_its_time_and_no_more() -> None:
    found = study_figures([run(), run(**NOTHING, elapsed_s=5.0, wall_s={"luck": 4.0})])
    assert (found["trials"], found["elapsed_s"], found["trials_per_second"]) == (300, 15.0, 20.0)
    assert (found["search_s"], found["search_per_second"]) == (8.0, 37.5)
    assert found["cpu_utilisation"] == 0.9
    assert found["wall_s"] == {"suggest": 0.5, "store": 0.5, "luck": 6.0}
    assert found["overhead_share"] == pytest.approx(1.0 / 15.0, abs=1e-4)
    assert found["worker_last_mb"] == 101.0
    assert found["workers_replaced"] == 2


def test_processor_use_is_the_mean_over_the_time_of_all_cores() -> None:
    found = study_figures([run(), run(cpu_utilisation=0.5, search_s=4.0, cores=8, n_workers=8)])
    assert found["cpu_utilisation"] == pytest.approx((0.9 * 16 + 0.5 * 32) / 48, abs=1e-4)
    assert (found["n_workers"], found["cores"]) == (8, 8)


def test_where_one_run_s_processor_use_is_not_known_the_study_s_is_not() -> None:
    assert study_figures([run(), run(cpu_utilisation=None)])["cpu_utilisation"] is None


@pytest.mark.parametrize("runs", [[], [{"owner": "host:1:a", "began_at": "2025-01-01T00:00Z"}]])
def test_runs_without_figures_have_none_together(runs: list[dict[str, Any]]) -> None:
    assert study_figures(runs) == {}


def test_runs_written_before_cores_were_count_their_workers() -> None:
    old = run()
    del old["cores"]
    assert study_figures([old, run()])["cpu_utilisation"] == 0.9
