"""Speak with supervisord over its Unix socket."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Sequence
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from guardian.domain.processes import ProcessState

Unreachable = (OSError, xmlrpc.client.Error)


class Supervisord:
    """Fulfils ``guardian.ports.supervisor.Supervisor``."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def _call(self, name: str, *arguments: Any) -> Any:
        # A proxy for each call: the transport keeps a connection that a restart would break.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            return getattr(proxy.supervisor, name)(*arguments)

    def is_answering(self) -> bool:
        """Return True while supervisord is there, also while it ends and takes no orders."""
        try:
            self._call("getState")
        except xmlrpc.client.Fault:
            return True
        except Unreachable:
            return False
        return True

    def states(self) -> Sequence[ProcessState]:
        """Return every process; empty when supervisord does not answer."""
        try:
            rows = self._call("getAllProcessInfo")
        except Unreachable:
            return ()
        return tuple(
            ProcessState(
                name=row["name"],
                state=row["statename"],
                pid=row["pid"],
                up_s=max(0, row["now"] - row["start"]) if row["pid"] else 0,
                description=row["spawnerr"] or row["description"],
            )
            for row in rows
        )

    def start_again(self, name: str) -> None:
        """Try a process again; what came of it shows in the next ``states``."""
        groups = {row["name"]: row["group"] for row in self._call("getAllProcessInfo")}
        self._call("startProcess", f"{groups[name]}:{name}", False)

    def shut_down(self) -> None:
        """Ask for an orderly end; no answer means that it ended already."""
        try:
            self._call("shutdown")
        except Unreachable:
            return
