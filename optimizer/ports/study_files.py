"""The files of a run that repeat what the database knows: a log of trials and a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from optimizer.domain.study.records import TrialRecord

RecordsFrom = Callable[[int], Iterable[TrialRecord]]  # all stored records from a number on


class TrialMirror(Protocol):
    """An append-only log with one checked line per trial."""

    def repair(self, n_done: int, records_from: RecordsFrom) -> None:
        """Make the log hold exactly the trials 0 to ``n_done - 1``, then open it for appending."""
        ...

    def append(self, records: Sequence[TrialRecord]) -> None:
        """Add the trials of one batch."""
        ...

    def sync(self) -> None:
        """Force what was added to the disk."""
        ...

    def close(self) -> None:
        """Force what was added to the disk and close the log."""
        ...


class SnapshotFile(Protocol):
    """The newest state of the search, whole or not there."""

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the snapshot atomically."""
        ...

    def load(self) -> dict[str, Any] | None:
        """Return the snapshot; None where none can be read or its checksum is wrong."""
        ...


class StudyFiles(Protocol):
    """The run directories; each is named by its path within the data directory."""

    def folder_make(self, now: datetime) -> str:
        """Make a new, empty run directory named after the time and return its name."""
        ...

    def manifest_write(self, run_dir: str, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest of a run atomically."""
        ...

    def mirror(
        self, run_dir: str, *, windows: Sequence[str], objectives: Sequence[str]
    ) -> TrialMirror:
        """Return the log of a run."""
        ...

    def snapshot(self, run_dir: str) -> SnapshotFile:
        """Return the snapshot of a run."""
        ...
