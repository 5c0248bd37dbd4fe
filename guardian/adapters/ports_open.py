"""Find out whether a TCP port can be had before anything is started on it, and who has it."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from trading.base.domain.errors import BadInputError

_LISTENING = "0A"


def port_check(port: int) -> None:
    """Return when the port on 127.0.0.1 is free.

    Raises:
        BadInputError: it is out of range, taken, or not ours to take.
    """
    if not 1 <= port <= 65535:
        raise BadInputError(f"--port was {port}; expected 1 to 65535")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            holder = port_holder(port)
            held = f": {holder} has it" if holder else f": {error.strerror}"
            raise BadInputError(
                f"--port was {port}, which cannot be used{held}; choose another"
            ) from error


def port_holder(port: int) -> str:
    """Return which process listens there; empty where the machine does not say."""
    wanted = _sockets_on(port)
    for process in Path("/proc").glob("[0-9]*") if wanted else ():
        if wanted.isdisjoint(_links(process / "fd")):
            continue
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ")
            return f"process {process.name} ({words.decode(errors='replace').strip()[:80]})"
    return ""


def _links(folder: Path) -> set[str]:
    found = set()
    with suppress(OSError):  # the process ended, or is another user's
        for link in folder.iterdir():
            with suppress(OSError):  # closed meanwhile
                found.add(str(link.readlink()))
    return found


def _sockets_on(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
