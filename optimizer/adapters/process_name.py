"""Name this process so that others on the machine can see whether it lives.

A name is ``host:process id:birth-token``. The birth tells a process from a later one with its
number: the boot of the kernel, the namespace its number belongs to, and when it was started, in
ticks since that boot. Where there is no ``/proc`` the number alone has to do, and silence does the
rest.
"""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import Final, NamedTuple

PROC: Final = Path("/proc")
_BOOT_DIGITS: Final = 8
_START: Final = 19  # field 22 of ``stat``, counted behind the name in brackets
_ENDED: Final = frozenset("ZX")  # killed, and not yet taken note of by its parent


class Birth(NamedTuple):
    """What no two processes of a machine share, were they to have the same number."""

    boot: str
    namespace: str
    started: str


def process_name(proc: Path = PROC) -> str:
    """Return host, process id and a part no other process ever has."""
    pid, token = os.getpid(), secrets.token_hex(4)
    birth = _birth(pid, proc)
    last = token if birth is None else "-".join((*birth, token))
    return f"{socket.gethostname()}:{pid}:{last}"


def may_live(name: str, proc: Path = PROC) -> bool:
    """Return whether a named process may still live; True where that cannot be known from here.

    Args:
        name: as ``process_name`` gave it.
        proc: where the kernel tells about processes.
    """
    known = _parse(name)
    if known is None or known[0] != socket.gethostname():
        return True
    _, pid, birth = known
    here = _birth(os.getpid(), proc)
    if birth is None or here is None:
        return _has_number(pid)
    if birth[:2] != here[:2]:
        # of an earlier boot, or of another container, whose numbers mean nothing here
        return birth.boot == here.boot
    now = _birth(pid, proc)
    return _has_number(pid) if now is None else now == birth  # None: hidden from us, perhaps


def _parse(name: str) -> tuple[str, int, Birth | None] | None:
    host, _, rest = name.rpartition(":")
    host, _, pid = host.rpartition(":")
    if not host or not (pid.isascii() and pid.isdigit()):
        return None
    parts = rest.split("-")
    return host, int(pid), Birth(*parts[:3]) if len(parts) == len(Birth._fields) + 1 else None


def _birth(pid: int, proc: Path) -> Birth | None:
    """Return the birth of a process; one that has ended has none that any living one shares."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text()
        namespace = (proc / "self/ns/pid").stat().st_ino
        stat = (proc / str(pid) / "stat").read_text()
    except (OSError, ValueError):
        return None
    fields = stat.rpartition(")")[2].split()
    started = "ended" if fields[0] in _ENDED else fields[_START]
    return Birth(boot.replace("-", "")[:_BOOT_DIGITS], str(namespace), started)


def _has_number(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
