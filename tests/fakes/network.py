"""Machines on a network of their own: Linux network namespaces, and a way to servers of this one.

Inside a namespace nothing of the host can be reached but the addresses a relay listens on.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

_SUBNET = "198.18"  # set aside for tests of networks


def namespaces_missing() -> str:
    """Return why there can be no namespaces here; empty when there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("ip"):
        return "network namespaces need the program ip (package iproute2)"
    name = f"guardian-{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    _ip("netns", "del", name)
    return ""


@dataclass(frozen=True)
class Machine:
    """A namespace; ``host`` is the address under which it sees us, ``prefix`` runs words in it."""

    name: str
    host: str
    prefix: tuple[str, ...]


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Give machines, each on a wire of its own to this one."""
    with ExitStack() as stack:
        token, block = secrets.token_hex(3), secrets.randbelow(250)
        yield [_machine(stack, f"{token}{place}", block, place) for place in range(count)]


def _machine(stack: ExitStack, token: str, block: int, place: int) -> Machine:
    name, here, there = f"guardian-{token}", f"gh{token}", f"gn{token}"
    host, guest = (f"{_SUBNET}.{block}.{4 * place + end}" for end in (1, 2))
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "del", name)  # its end of the wire goes with it, and so does ours
    _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
    _ip("addr", "add", f"{host}/30", "dev", here)
    _ip("link", "set", here, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("-n", name, "addr", "add", f"{guest}/30", "dev", there)
    _ip("-n", name, "link", "set", there, "up")
    return Machine(name, host, ("ip", "netns", "exec", name))


def namespace_of(pid: int) -> str:
    """Return the name of the namespace a process lives in; empty for the host's."""
    words = ["ip", "netns", "identify", str(pid)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Relay:
    """Hands connections to one of our addresses on to a server that listens elsewhere."""

    def __init__(self, host: str, target: str | tuple[str, int]) -> None:
        """Listen; ``target`` is a Unix socket or a host and a port."""
        self._target = target
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                outer = self._connect()
            except OSError:
                inner.close()
                continue
            for pair in ((inner, outer), (outer, inner)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, tuple):
            return socket.create_connection(self._target)
        outer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        outer.connect(self._target)
        return outer

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65_536):
            sink.sendall(content)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()
