"""Keep the copies of candles that the workers of this machine map, and remove those unused.

A copy is made again whenever a study runs that has none, so what is removed costs a moment at most.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from optimizer.adapters.run_files import candles_write
from trading.base.adapters.atomic import file_lock
from trading.market.domain.bars import BarArrays

_GONE = ".gone."


class CandleCopies:
    """One folder per data set; every change is made by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Name the folder that holds them."""
        self._folder = folder
        self._lock = folder / ".lock"

    def put(self, digest: str, bars: BarArrays, now: datetime) -> Path:
        """Return the folder of a copy, written unless it is there, and note that it is used now.

        Args:
            digest: of all candles of the study.
            bars: those of them that workers may see.
            now: the time.
        """
        path = self._folder / f"{digest}-{len(bars)}"
        with file_lock(self._lock):
            candles_write(path, bars)
            os.utime(path, (now.timestamp(), now.timestamp()))
        return path

    def forget(self, *, needed: Collection[str], before: datetime) -> int:
        """Remove the copies that nobody needs; return how many.

        A study that begins meanwhile is safe: its copy was just used, or is written behind this.

        Args:
            needed: digests of the studies that run.
            before: a copy used later is kept, and so is what is being written.
        """
        if not self._folder.is_dir():
            return 0
        with file_lock(self._lock):
            over = [
                path
                for path in self._folder.iterdir()
                if path.is_dir()
                and path.stat().st_mtime < before.timestamp()
                and path.name.partition("-")[0] not in needed
            ]
            for path in over:
                self._remove(path)
        return len(over)

    def _remove(self, path: Path) -> None:
        # Under another name first: a copy that is half gone must not be taken for a whole one.
        with suppress(OSError):  # what cannot be removed is somebody else's and does no harm
            gone = tempfile.mkdtemp(dir=self._folder, prefix=_GONE)
            path.rename(Path(gone) / path.name)
            shutil.rmtree(gone, ignore_errors=True)  # who maps it keeps it until done
