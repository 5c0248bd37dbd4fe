"""Allow one ``up`` per data folder; the kernel frees the lock whatever way its holder ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from trading.base.domain.errors import BadInputError


class DeskLock:
    """Held from construction to ``release``.

    Raises:
        BadInputError: another ``up`` holds it.
    """

    def __init__(self, path: Path) -> None:
        self._handle = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._handle.seek(0)
            holder = self._handle.read().strip() or "unknown"
            self._handle.close()
            raise BadInputError(
                f"a desk is already up on this data folder (process {holder}); "
                "stop it first, or set GUARDIAN_DATA_DIR to another folder"
            ) from None
        self._handle.truncate(0)
        self._handle.write(str(os.getpid()))
        self._handle.flush()

    def release(self) -> None:
        """Let the next ``up`` begin."""
        self._handle.close()
