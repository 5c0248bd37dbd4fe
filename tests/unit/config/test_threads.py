"""Linear algebra runs on one thread in every process, unless a person says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
SAY = f"""
import os, sys, config
print("numpy" in sys.modules, *(os.environ[name] for name in {NAMES}))
"""


@pytest.mark.parametrize(
    ("said", "found"), [({}, "False 1 1"), ({"OPENBLAS_NUM_THREADS": "3"}, "False 3 1")]
)
def test_threads_are_set_before_numpy_is_there(said: dict[str, str], found: str) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        env=environ | said,
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == found
