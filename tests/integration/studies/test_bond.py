"""Workers end with the process that started them, whenever it is killed and whatever they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from optimizer.adapters.run_files import candles_write
from optimizer.domain.evaluator.warm import kernels_warm
from tests.oracles import paths
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
ROOT = Path(__file__).resolve().parents[3]
PARENT = """
import sys, time
from optimizer.adapters.workers.local import ProcessPool
from optimizer.adapters.workers.wire import Job
from optimizer.domain.study.capacity import WorkersGiven
from optimizer.domain.study.evaluation import Terms
from optimizer.domain.study.suggestions import default_suggest
from optimizer.ports.sweeps import Chunk
from trading.base.adapters.system_clock import SystemClock

if __name__ == "__main__":
    job = Job(sys.argv[1], ((1e6,), (0.01,), (0.1,), (0.1,)), 300_000,
              Terms(("all",), ("final_balance",), 1000.0, "next_open", 0))
    print("starting", flush=True)
    pool = ProcessPool(job, workers=WorkersGiven(3, 3, ""), clock=SystemClock())
    print("started", flush=True)
    work = tuple(default_suggest(n, "csma_revert") for n in range(40))
    number = 0
    while True:
        pool.send([Chunk(number, k, work, {"csma_revert": (0.0,)}, k) for k in range(3)])
        answered = 0
        while answered < 3:
            answered += len(pool.wait(1.0))
        number += 1
        print("evaluated", flush=True)
"""


def children(pid: int) -> list[int]:
    """Return the processes a process has started, whatever they became."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for file in listed for word in file.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def often(*values: object) -> Any:
    """Return a moment more, for ``make proof``."""
    return pytest.param(*values, marks=pytest.mark.proof)


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bond") / "candles"
    candles_write(folder, paths.path(1, 20_000))
    return folder


def killed_with_its_children(
    candles: Path, tmp_path: Path, word: str, later_s: float, *, is_cold: bool = False
) -> list[int]:
    """Kill a parent so long after it said the word; return the children it had at that moment."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    if is_cold:
        environ["NUMBA_CACHE_DIR"] = str(tmp_path / "kernels")
    with subprocess.Popen(
        [sys.executable, str(script), str(candles)],
        env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout
        while parent.stdout.readline().strip() != word:
            assert parent.poll() is None
        time.sleep(later_s)
        found = children(parent.pid)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, found)), "the end of its workers", within_s=10.0)
    return found


@pytest.mark.parametrize("later_s", [often(0.02), 0.1, often(0.3), 0.6])
def test_a_parent_killed_while_it_starts_them_leaves_none(
    candles: Path, tmp_path: Path, later_s: float
) -> None:
    kernels_warm()
    killed_with_its_children(candles, tmp_path, "starting", later_s)


@pytest.mark.parametrize(
    ("word", "later_s"), [("started", 0.0), often("started", 0.5), ("evaluated", 0.1)]
)
def test_a_parent_killed_later_leaves_none(
    candles: Path, tmp_path: Path, word: str, later_s: float
) -> None:
    kernels_warm()
    assert len(killed_with_its_children(candles, tmp_path, word, later_s)) >= 3


def test_a_parent_killed_while_they_compile_leaves_none(candles: Path, tmp_path: Path) -> None:
    found = killed_with_its_children(candles, tmp_path, "started", 4.0, is_cold=True)
    assert len(found) >= 3
