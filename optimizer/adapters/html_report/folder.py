"""The folder of a run: files appear whole, and each is replaced by its successor at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from optimizer.ports.reports import PutFile
from trading.base.adapters.atomic import write_atomic

_ON_THE_WAY: Final = 2**27  # bytes in memory; a table of 20,000 trials has ten million


class RunFolder:
    """Fulfils ``optimizer.ports.reports.ReportFolder``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def filling(self) -> Iterator[PutFile]:
        """Write files while the next ones are made; see the port."""
        waiting: list[tuple[int, Future[None]]] = []
        with ThreadPoolExecutor(1, "report-files") as thread:

            def put(name: str, content: bytes) -> None:
                while waiting and sum(size for size, _ in waiting) + len(content) > _ON_THE_WAY:
                    waiting.pop(0)[1].result()
                waiting.append((len(content), thread.submit(self._write, name, content)))

            yield put
            for _, written in waiting:
                written.result()

    def _write(self, name: str, content: bytes) -> None:
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
