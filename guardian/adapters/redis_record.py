"""Remember where the embedded Redis listens, so that every command of this data folder finds it.

The record holds the password, so it is readable by its owner only. ``up`` writes it before the
server starts and removes it after the server stopped; a record nobody answers to counts as none.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

FILE_NAME = "redis.json"
TRIES, WAIT_S = 3, 0.1  # a server being restarted is back within this time


@dataclass(frozen=True, slots=True)
class RedisRecord:
    """Socket and password of the embedded server."""

    socket: str
    password: str

    @property
    def url(self) -> str:
        """The same as a URL that redis-py understands."""
        return f"unix://:{quote(self.password, safe='')}@{quote(self.socket)}?db=0"


def record_write(data_dir: Path, record: RedisRecord) -> None:
    """Write the record atomically, mode 0600."""
    draft = data_dir / f"{FILE_NAME}.{os.getpid()}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(asdict(record), handle)
    draft.replace(data_dir / FILE_NAME)


def record_remove(data_dir: Path) -> None:
    """Forget the server."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def record_read(data_dir: Path) -> RedisRecord | None:
    """Return the record, or None when there is none or it is damaged."""
    try:
        fields = json.loads((data_dir / FILE_NAME).read_text(encoding="utf-8"))
        return RedisRecord(socket=str(fields["socket"]), password=str(fields["password"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def running_url(data_dir: Path) -> str:
    """Return the URL of the embedded server that answers now, or an empty text."""
    record = record_read(data_dir)
    if record is None:
        return ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(WAIT_S)  # noqa: TID251 - read before Django has a clock to inject
        if _answers(record.socket):
            return record.url
    return ""


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
