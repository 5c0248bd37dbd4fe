"""A keeper of processes: says how they are, restarts what broke, stops them all in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from guardian.domain.processes import ProcessState


class Supervisor(Protocol):
    """Keeps the processes of one desk alive."""

    def is_answering(self) -> bool:
        """Return True when the keeper runs and takes orders."""
        ...

    def states(self) -> Sequence[ProcessState]:
        """Return every process it keeps, in start order; empty when it does not answer."""
        ...

    def start_again(self, name: str) -> None:
        """Try a process again that the keeper had given up on."""
        ...

    def shut_down(self) -> None:
        """Ask it to stop every process in order, then itself; returns at once."""
        ...


class Keeper(Protocol):
    """The supervisor's own process."""

    def has_ended(self) -> bool:
        """Return True once it is gone."""
        ...

    def kill(self) -> None:
        """End it and its children the hard way."""
        ...
