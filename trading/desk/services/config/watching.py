"""Notice cheaply that the configuration reads otherwise than before: a revision or a file changed.

Looked at before every bar, so it costs a few file stats. A file counts once it has rested for a
second: an editor that empties a file and writes it again is not caught in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from trading.base.ports.clock import Clock
from trading.desk.services.config.loading import SITE_FILE, ResolvedConfig
from trading.desk.services.config.overrides import current_config
from trading.desk.services.config.yaml_files import SUFFIXES

REST_S: Final = 1.0
Mark = tuple[int, int, int] | None  # modified (ns), bytes, inode; None without the file


class ConfigWatch:
    """Reads the configuration in force again whenever it may have changed."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._folder = root.parent.resolve()
        self._clock = clock
        self._revision = -1
        self._marks: dict[Path, Mark] = {}
        self._moving: dict[Path, Mark] = {}
        self._moving_since = 0.0

    def news(self, revision: int) -> ResolvedConfig | None:
        """Return the configuration when it has changed since the last call, else None.

        Raises:
            ConfigError: it cannot be read; it is read again when a file changes.
        """
        now = _marks(self._marks)
        if revision == self._revision and (now == self._marks or not self._has_rested(now)):
            return None
        # everything in sight, for the case that reading fails; looked at before reading
        self._marks = _marks([self._folder / SITE_FILE, *_yaml_files(self._folder)])
        self._revision = revision
        resolved = current_config()
        read = {self._folder.parent / shown for shown in resolved.files}
        self._marks = {
            path: self._marks[path] if path in self._marks else _mark(path)
            for path in (*sorted(read), self._folder / SITE_FILE)
        }
        return resolved

    def _has_rested(self, now: dict[Path, Mark]) -> bool:
        moment = self._clock.monotonic()
        if now != self._moving:
            self._moving, self._moving_since = now, moment
        return moment - self._moving_since >= REST_S


def _yaml_files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def _marks(paths: Iterable[Path]) -> dict[Path, Mark]:
    return {path: _mark(path) for path in paths}


def _mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
