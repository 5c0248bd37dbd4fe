"""Kernels are compiled once for all processes of a machine, and said so while it takes."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from optimizer.adapters.workers.kernels import COMPILING, kernels_compiled, mark_path
from optimizer.domain.evaluator.warm import kernels_warm

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_kernels_are_compiled_once_a_version_and_that_is_said(tmp_path: Path) -> None:
    kernels_warm()  # the child then loads them
    told: list[str] = []
    assert kernels_compiled(tmp_path, "one", told.append)
    assert kernels_compiled(tmp_path, "one", told.append)
    assert told == [COMPILING]
    assert kernels_compiled(tmp_path, "two", told.append)
    assert told == [COMPILING, COMPILING]


def test_whoever_comes_meanwhile_waits_instead_of_compiling_too(tmp_path: Path) -> None:
    done = threading.Event()

    def wait() -> None:
        assert kernels_compiled(tmp_path, "one", lambda _line: None)
        done.set()

    with (tmp_path / "compiling.lock").open("ab") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not done.wait(0.3)
        mark_path(tmp_path, "one").touch()  # the first one is through
    waiting.join(30)
    assert done.is_set()
