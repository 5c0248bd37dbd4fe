"""The sweep benchmark compares what it should, and says what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.management.bench_tables import sweep_lines
from optimizer.services.bench.sweep import sweep_bench, sweep_targets


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
        return {"figures": figures(200.0 if is_one else 380.0)}

    answer = sweep_bench(run=run, n_trials=800, n_workers=2, seed=3, say=lambda _text: None)
    assert [words[words.index("--trials") + 1] for words in asked] == ["800"] * 4
    assert answer["cmaes"]["parallel_efficiency"] == 0.95
    assert answer["cmaes"]["times_the_limit"] == 1.27
    assert answer["cmaes"]["memory_growth"] == 1.02
    assert set(answer["targets"].values()) == {True}
    said = "\n".join(sweep_lines(answer))
    assert "380 a second end to end, 1.27 times the limit of 300" in said
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
