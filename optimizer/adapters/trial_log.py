"""Write each trial as one checked line, and survive being cut off anywhere.

A line is ``{"crc32":"0123abcd","trial":{...}}``: strict JSON, with the CRC-32 of the exact bytes of
the trial object. Whatever follows the last line that is whole, checked and next in order is a torn
tail: readers ignore it, ``repair`` removes it and writes the missing trials again from the
database, which is the truth.

Source: optimizer issue, "Trial store and resume" and acceptance 4.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedWriter
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.study.records import TrialRecord
from optimizer.ports.study_files import RecordsFrom
from trading.base.domain.errors import TradingError
from trading.base.domain.file_named import file_named

_HEAD: Final = b'{"crc32":"'
_MIDDLE: Final = b'","trial":'
_TAIL: Final = b"}\n"
_START: Final = len(_HEAD) + 8 + len(_MIDDLE)  # where the trial object begins
_AT_ONCE: Final = 1000  # trials appended at a time while repairing


class LogChangedError(TradingError):
    """The log of a run is not as this process left it; adding to it would tear it."""

    code = "log_changed"


def line_encode(record: TrialRecord, windows: Sequence[str], objectives: Sequence[str]) -> bytes:
    """Return the line of one trial; what is not finite is null, as orjson writes it."""
    scores = record.score_values() if record.scores else []
    trial = orjson.dumps(
        {
            "number": record.number,
            "strategy": record.strategy,
            "params": orjson.Fragment(record.params_json),
            "status": record.status.value,
            "error": record.error,
            "attempts": record.attempts,
            "elapsed_us": record.elapsed_us,
            "windows": {
                label: dict(zip(METRIC_NAMES, np.frombuffer(packed).tolist(), strict=True))
                for label, packed in zip(windows, record.metrics, strict=False)
            },
            "scores": dict(zip(objectives, scores, strict=False)),
        }
    )
    return b"%s%08x%s%s%s" % (_HEAD, zlib.crc32(trial), _MIDDLE, trial, _TAIL)


def line_decode(line: bytes) -> dict[str, Any] | None:
    """Return the trial of a line, None where the line is torn or was changed."""
    if not (line.startswith(_HEAD) and line.endswith(_TAIL)):
        return None
    trial = line[_START : -len(_TAIL)]
    if line[len(_HEAD) : len(_HEAD) + 8] != b"%08x" % zlib.crc32(trial):
        return None
    try:
        found = orjson.loads(trial)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def trials_read(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each whole trial in order and the position behind its line; stop at the torn tail."""
    if not path.exists():
        return
    position = 0
    with path.open("rb") as file:
        for number, line in enumerate(file):
            trial = line_decode(line)
            if trial is None or trial.get("number") != number:
                return
            position += len(line)
            yield trial, position


class TrialLog:
    """The log of one run."""

    def __init__(self, path: Path, *, windows: Sequence[str], objectives: Sequence[str]) -> None:
        """Name the log; nothing is opened before ``repair``."""
        self._path = path
        self._windows, self._objectives = tuple(windows), tuple(objectives)
        self._file: BufferedWriter | None = None
        self._size = 0  # bytes, as this process left it

    def repair(self, n_done: int, records_from: RecordsFrom) -> None:
        """Cut what is torn or ahead of the database, add what is missing, stay open."""
        end, count = 0, 0
        for _, position in trials_read(self._path):
            if count == n_done:
                break
            end, count = position, count + 1
        self._path.touch()
        os.truncate(self._path, end)
        self._size = end
        self._file = self._path.open("ab")
        waiting: list[TrialRecord] = []
        for record in records_from(count) if count < n_done else ():
            waiting.append(record)
            if len(waiting) == _AT_ONCE:
                self.append(waiting)
                waiting = []
        self.append(waiting)
        self.sync()

    def append(self, records: Sequence[TrialRecord]) -> None:
        """Add trials and hand them to the operating system.

        Raises:
            LogChangedError: somebody else wrote to the log: a process that took the study over has
                these trials in it already.
        """
        file = self._opened()
        if os.fstat(file.fileno()).st_size != self._size:
            raise LogChangedError(
                f"the log {self._path} was changed by another process or by hand; every trial is "
                "stored, and resuming the study writes the log anew"
            )
        lines = [
            record.line or line_encode(record, self._windows, self._objectives)
            for record in records
        ]
        with file_named(self._path):
            self._size += file.write(b"".join(lines))
            file.flush()

    def sync(self) -> None:
        """Force what was added to the disk."""
        with file_named(self._path):
            os.fsync(self._opened().fileno())

    def close(self) -> None:
        """Force what was added to the disk and close."""
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None

    def _opened(self) -> BufferedWriter:
        if self._file is None:
            raise ValueError(f"the log {self._path} was not opened with repair")
        return self._file
