"""Keep the files of runs in the data directory."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from optimizer.adapters.run_files import StudySnapshot, manifest_write
from optimizer.adapters.trial_log import TrialLog

RUNS: Final = Path("reports") / "optimizer_top_top_strats_run"


class RunDirectories:
    """Fulfils ``optimizer.ports.study_files.StudyFiles``."""

    def __init__(self, data_dir: Path) -> None:
        """Name the data directory."""
        self._data_dir = data_dir

    def folder_make(self, now: datetime) -> str:
        """Make the run directory; a second one of the same second gets a number."""
        stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        for count in itertools.count(1):
            name = RUNS / (stamp if count == 1 else f"{stamp}-{count}")
            try:
                (self._data_dir / name).mkdir(parents=True)
            except FileExistsError:
                continue
            return name.as_posix()
        raise AssertionError("counting does not end")

    def manifest_write(self, run_dir: str, manifest: Mapping[str, Any]) -> None:
        """Replace ``manifest.json``."""
        manifest_write(self._data_dir / run_dir / "manifest.json", manifest)

    def mirror(
        self, run_dir: str, *, windows: Sequence[str], objectives: Sequence[str]
    ) -> TrialLog:
        """Return ``trials.jsonl``; its folder is made again where somebody removed it."""
        folder = self._data_dir / run_dir
        folder.mkdir(parents=True, exist_ok=True)
        return TrialLog(folder / "trials.jsonl", windows=windows, objectives=objectives)

    def snapshot(self, run_dir: str) -> StudySnapshot:
        """Return ``checkpoint.json``."""
        return StudySnapshot(self._data_dir / run_dir / "checkpoint.json")
