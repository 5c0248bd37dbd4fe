"""The sweep benchmark compares what it should, and says what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.management.bench_tables import sweep_lines
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


def test_one_worker_is_compared_with_many_for_both_samplers() -> None:
    asked: list[Sequence[str]] = []

    def run(words: Sequence[str]) -> Mapping[str, Any]:
        asked.append(words)
        is_one = words[words.index("--max-workers") + 1] == "1"
        slow = 0.5 if len(asked) in (3, 4) else 1.0  # the machine, while the second round runs
        rate = 200.0 if is_one else (380.0 if len(asked) % 6 else 300.0)
        return {"figures": figures(slow * rate)}

    plan = SweepPlan(n_trials=800, n_workers=2, n_rounds=3, seed=3)
    answer = sweep_bench(run=run, plan=plan, say=lambda _text: None)
    assert [words[words.index("--trials") + 1] for words in asked] == ["800"] * 12
    assert [words[words.index("--max-workers") + 1] for words in asked] == ["1", "2"] * 6
    assert answer["cmaes"]["trials_per_second"] == 300.0  # of 380, 190 and 300
    assert answer["cmaes"]["parallel_efficiency_rounds"] == [0.95, 0.95, 0.75]
    assert answer["cmaes"]["parallel_efficiency"] == 0.95
    assert answer["cmaes"]["times_the_limit"] == 1.0
    assert answer["cmaes"]["memory_growth"] == 1.02
    assert set(answer["targets"].values()) == {True}
    said = "\n".join(sweep_lines(answer))
    assert "300 a second end to end, 1.0 times the limit of 300" in said
    assert "cores busy: met" in said


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
