"""Make the folders of a running desk; sockets lie where every configuration can name them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 100  # signs; the kernel allows 104 (macOS) or 108 (Linux)
PLAIN_PATH = re.compile("[A-Za-z0-9_./-]+")


@dataclass(frozen=True, slots=True)
class DeskFiles:
    """Where the running desk keeps its files."""

    data: Path
    run: Path
    logs: Path
    sockets: Path

    @property
    def metrics(self) -> Path:
        """Folder of counters; as a variable of every process it marks those of this desk."""
        return self.run / "metrics"

    @property
    def supervisor_socket(self) -> str:
        """Socket the supervisor answers on."""
        return str(self.sockets / "supervisor.sock")

    @property
    def redis_socket(self) -> str:
        """Socket of the embedded Redis."""
        return str(self.sockets / "redis.sock")


def files_make(data: Path) -> DeskFiles:
    """Return the folders of a data folder, made if missing, closed to other users.

    Raises:
        PermissionError: the folder of the sockets is not this user's own.
    """
    run, logs = data / "run", data / "logs"
    for folder in (data, run, logs):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return DeskFiles(data=data, run=run, logs=logs, sockets=_sockets_folder(data, run))


def _sockets_folder(data: Path, run: Path) -> Path:
    """Return a folder whose sockets have names that every URL and configuration can hold."""
    if _is_plain(run):
        return run
    name = f"guardian-{os.getuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    own = Path(tempfile.gettempdir()) / name
    folder = own if _is_plain(own) else Path("/tmp") / name  # noqa: S108 - checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a folder of this user alone; remove it")
    return folder


def _is_plain(folder: Path) -> bool:
    path = str(folder / "supervisor.sock")
    return len(path) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(path) is not None
