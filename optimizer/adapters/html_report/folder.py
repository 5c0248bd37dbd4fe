"""The folder of a run: files appear whole, and each is replaced by its successor at once."""

from __future__ import annotations

from pathlib import Path

from trading.adapters.candles.atomic import write_atomic


class RunFolder:
    """Fulfils ``optimizer.ports.reports.ReportFolder``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, name: str, content: bytes) -> None:
        """Write one file; see the port."""
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
