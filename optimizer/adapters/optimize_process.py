"""Run ``optimize run`` in a process and a data directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trading.base.domain.errors import TradingError


class StudyProcessError(TradingError):
    """The process ended without an answer; the message is its own last line."""

    code = "study_process_failed"


class OptimizeProcess:
    """Starts studies beside the desk: neither its database nor its search ledger hears of them."""

    def __init__(self, repository: Path, folder: Path, candles: Path) -> None:
        """Prepare the data directory.

        Args:
            repository: where ``manage.py`` is.
            folder: the data directory, made if it lacks.
            candles: the candle store to read from.
        """
        self._repository, self._folder = repository, folder
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / "candles"
        if candles.is_dir() and not link.exists():
            link.symlink_to(candles, target_is_directory=True)

    def run(self, words: Sequence[str], cores: int | None = None) -> Mapping[str, Any] | None:
        """Return the JSON object of ``optimize run`` with these words.

        Args:
            words: of the command line.
            cores: the process and its workers may use; None for all of this process's.

        Returns:
            None where the system cannot grant so many cores and no others.

        Raises:
            StudyProcessError: it failed.
        """
        if cores is None:
            return self._run(words)
        if not hasattr(os, "sched_setaffinity"):
            return None
        all_cores = os.sched_getaffinity(0)
        if len(all_cores) < cores:
            return None
        os.sched_setaffinity(0, sorted(all_cores)[:cores])  # whoever is started has as few
        try:
            return self._run(words)
        finally:
            os.sched_setaffinity(0, all_cores)

    def _run(self, words: Sequence[str]) -> Mapping[str, Any]:
        outside = {"DATABASE_URL", "REDIS_URL", "GUARDIAN_DATA_DIR"}
        environ = {name: value for name, value in os.environ.items() if name not in outside}
        done = subprocess.run(
            [sys.executable, "manage.py", "optimize", "run", *words, "--json"],
            cwd=self._repository,
            env=environ | {"GUARDIAN_DATA_DIR": str(self._folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StudyProcessError((done.stderr.strip().splitlines() or ["no word"])[-1])
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer
