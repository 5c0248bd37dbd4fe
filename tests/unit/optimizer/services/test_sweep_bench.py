"""The sweep benchmark compares what it should, and says what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from guardian.management.bench_tables import sweep_lines
from optimizer.services.bench.sweep import SweepPlan, sweep_bench, sweep_targets


def figures(rate: float, **changes: Any) -> dict[str, Any]:
    return {
        "trials": 800,
        "elapsed_s": 2.0,
        "trials_per_second": rate,
        "search_per_second": 2 * rate,
        "cpu_utilisation": 0.95,
        "overhead_share": 0.1,
        "worker_early_mb": 100.0,
        "worker_last_mb": 102.0,
        "wall_s": {"store": 0.1},
    } | changes


RATES = {("1", 1): 200.0, ("1", None): 230.0}


def test_one_worker_on_one_core_is_compared_with_many_on_as_many() -> None:
    asked: list[tuple[Sequence[str], int | None]] = []

    def run(words: Sequence[str], cores: int | None) -> Mapping[str, Any]:
        asked.append((words, cores))
        turn = (len(asked) - 1) // 3
        slow = 0.5 if turn == 1 else 1.0  # the machine, while the second round runs
        workers = words[words.index("--max-workers") + 1]
        rate = RATES.get((workers, cores), 300.0 if turn == 2 else 380.0)
        return {"figures": figures(slow * rate, overhead_share=turn / 100)}

    plan = SweepPlan(n_trials=800, n_workers=2, n_rounds=3, seed=3)
    answer = sweep_bench(run=run, plan=plan, say=lambda _text: None)
    assert [words[words.index("--trials") + 1] for words, _ in asked] == ["800"] * 18
    assert [words[words.index("--max-workers") + 1] for words, _ in asked] == ["1", "1", "2"] * 6
    assert [cores for _, cores in asked] == [1, None, 2] * 6
    cmaes = answer["cmaes"]
    assert cmaes["trials_per_second"] == 300.0  # of 380, 190 and 300
    assert cmaes["parallel_efficiency_rounds"] == [0.95, 0.95, 0.75]
    assert cmaes["parallel_efficiency"] == 0.95
    assert cmaes["parallel_efficiency_free_core"] == 0.826
    assert cmaes["overhead_share_rounds"] == [0.0, 0.01, 0.02]
    assert cmaes["times_the_limit"] == 1.0
    assert cmaes["memory_growth"] == 1.02
    assert set(answer["targets"].values()) == {True}
    said = "\n".join(sweep_lines(answer))
    assert "300 a second end to end, 1.0 times the limit of 300" in said
    assert "efficiency 0.95 (rounds: 0.95, 0.95, 0.75;" in said
    assert "efficiency against that 0.826" in said
    assert "cores busy: met" in said


@pytest.mark.parametrize("n_cores", [0, 2])
def test_where_cores_cannot_be_granted_efficiency_is_not_measured(n_cores: int) -> None:
    def run(words: Sequence[str], cores: int | None) -> Mapping[str, Any] | None:
        return None if cores and cores > n_cores else {"figures": figures(300.0)}

    plan = SweepPlan(n_trials=800, n_workers=4, n_rounds=1, seed=3)
    answer = sweep_bench(run=run, plan=plan, say=lambda _text: None)
    assert answer["targets"]["parallel efficiency"] is None
    assert answer["cmaes"]["trials_per_second"] == 300.0
    said = "\n".join(sweep_lines(answer))
    assert "with 4 workers; one core, or one for each worker, cannot be granted" in said
    assert "efficiency not measured" in said
    assert "parallel efficiency: not measured" in said


def test_memory_whose_beginning_nobody_saw_is_not_measured() -> None:
    def run(_words: Sequence[str], _cores: int | None) -> Mapping[str, Any]:
        return {"figures": figures(300.0, worker_early_mb=None)}

    plan = SweepPlan(n_trials=800, n_workers=2, n_rounds=1, seed=3)
    answer = sweep_bench(run=run, plan=plan, say=lambda _text: None)
    assert answer["cmaes"]["memory_growth"] is None
    assert answer["targets"]["memory flat"] is None


def test_a_limit_that_is_missed_is_said() -> None:
    row = {
        "trials_per_second": 299.9,
        "cpu_utilisation": 0.89,
        "parallel_efficiency": 0.89,
        "overhead_share": 0.2,
        "memory_growth": 1.2,
    }
    assert set(sweep_targets(row).values()) == {False}
    assert sweep_targets(row | {"memory_growth": None})["memory flat"] is None
