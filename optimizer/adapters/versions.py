"""Name the code and the libraries a study is made with."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_LIBRARIES: Final = ("numpy", "numba", "optuna", "cmaes")
_PATIENCE_S: Final = 5.0


def git_commit(repository: Path) -> str:
    """Return the commit checked out, with ``-dirty`` for changed files; empty without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(
            command, cwd=repository, capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def versions(repository: Path) -> dict[str, Any]:
    """Return commit, Python, libraries and processor."""
    return {
        "git_commit": git_commit(repository),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "machine": f"{platform.system()} {platform.machine()}",
    }
