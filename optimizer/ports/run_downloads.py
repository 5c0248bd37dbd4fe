"""The finished files of a run, for those who want to take them along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class RunFile:
    """One file; ``name`` is its path within the run, parts separated by a slash."""

    name: str
    size: int
    modified_at: datetime


class RunDownloads(Protocol):
    """Reads run directories and nothing else."""

    def list(self, run_dir: str) -> Sequence[RunFile]:
        """Return what may be taken along: reports, tables and logs, ordered by name."""
        ...

    def open(self, run_dir: str, name: str) -> tuple[RunFile, BinaryIO] | None:
        """Return a file of ``list`` opened for reading, None for any other name."""
        ...
