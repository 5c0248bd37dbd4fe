"""Studies of the benchmark run with the cores they are granted, and apart from the desk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from optimizer.adapters.optimize_process import OptimizeProcess, StudyProcessError

SCRIPT = """
import json, os, sys
if "--fail" in sys.argv:
    sys.exit("optimize: no such strategy")
cores = sorted(os.sched_getaffinity(0))
print(json.dumps({"words": sys.argv[1:], "cores": cores, "url": os.environ.get("DATABASE_URL")}))
"""

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system grants no single cores"
)


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OptimizeProcess:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///the-desk")
    (tmp_path / "manage.py").write_text(SCRIPT)
    return OptimizeProcess(tmp_path, tmp_path / "data", tmp_path / "candles")


@needs_affinity
def test_a_study_has_the_cores_it_is_granted_and_the_bench_has_its_own_back(
    process: OptimizeProcess,
) -> None:
    mine = os.sched_getaffinity(0)
    found = process.run(["--seed", "1"], 1)
    assert found == {
        "words": ["optimize", "run", "--seed", "1", "--json"],
        "cores": [min(mine)],
        "url": None,
    }
    assert os.sched_getaffinity(0) == mine
    everything = process.run([])
    assert everything is not None
    assert everything["cores"] == sorted(mine)


@needs_affinity
def test_more_cores_than_there_are_cannot_be_granted(process: OptimizeProcess) -> None:
    assert process.run([], len(os.sched_getaffinity(0)) + 1) is None


@needs_affinity
def test_a_study_that_fails_says_why_and_the_bench_has_its_cores_back(
    process: OptimizeProcess,
) -> None:
    mine = os.sched_getaffinity(0)
    with pytest.raises(StudyProcessError, match="no such strategy"):
        process.run(["--fail"], 1)
    assert os.sched_getaffinity(0) == mine


def test_a_system_without_affinity_grants_none(
    process: OptimizeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    assert process.run([], 1) is None
