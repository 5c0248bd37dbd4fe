"""Hand out the files of a run, and only those.

A name is compared with the names found by walking the run directory, so a name that leads out of it
is simply not among them. Links are not followed, neither while walking nor while opening.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from optimizer.ports.run_downloads import RunFile

SUFFIXES: Final = frozenset({".csv", ".html", ".json", ".jsonl", ".png"})


class RunFolderFiles:
    """Fulfils ``optimizer.ports.run_downloads.RunDownloads``."""

    def __init__(self, root: Path) -> None:
        """Look for run directories in ``root`` unless they are named absolutely."""
        self._root = root

    def list(self, run_dir: str) -> list[RunFile]:
        """Return the files in their order; see the port."""
        return sorted(self._found(self._root / run_dir), key=lambda file: file.name)

    def open(self, run_dir: str, name: str) -> tuple[RunFile, BinaryIO] | None:
        """Return the file opened; see the port."""
        found = next((file for file in self.list(run_dir) if file.name == name), None)
        if found is None:
            return None
        try:
            handle = os.open(self._root / run_dir / name, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None  # replaced by a link, or gone since
        size = os.fstat(handle).st_size  # a report may have been replaced since it was listed
        return RunFile(found.name, size, found.modified_at), os.fdopen(handle, "rb")

    @staticmethod
    def _found(folder: Path) -> Iterator[RunFile]:
        for place, folders, names in os.walk(folder, followlinks=False):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(place) / name
                if path.suffix not in SUFFIXES or name.startswith("."):
                    continue
                try:
                    facts = path.lstat()
                except FileNotFoundError:
                    continue  # a report is replaced while we look
                if stat.S_ISREG(facts.st_mode):
                    moment = datetime.fromtimestamp(facts.st_mtime, UTC)
                    yield RunFile(path.relative_to(folder).as_posix(), facts.st_size, moment)
