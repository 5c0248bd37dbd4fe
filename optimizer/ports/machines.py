"""What a machine that evaluates chunks for others must offer, and how it says that it is done.

Requests and outcomes are bytes here: they come from the database and go back to it, and only the
adapters on both ends look inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from trading.base.domain.errors import TradingError


class WorkRefusedError(TradingError):
    """This machine cannot evaluate what it was asked for; the sentence is stored with the chunk."""

    code = "work_refused"


class SweepMachine(Protocol):
    """Evaluate requests on the cores of this machine."""

    name: str

    def evaluate(self, request: bytes, begin: Callable[[], bool]) -> bytes | None:
        """Return the outcome of a request.

        Args:
            request: as the orchestrator wrote it.
            begin: called when all is prepared, just before evaluating; False means that nobody
                waits for the outcome any more, and None is returned.

        Raises:
            WorkRefusedError: it cannot be evaluated here.
        """
        ...


class Bell(Protocol):
    """Wake the orchestrator of a study. A lost ring costs a moment, never an answer."""

    def ring(self, study_id: int) -> None:
        """Say that an answer was written."""
        ...

    def wait(self, study_id: int, timeout_s: float) -> None:
        """Return when it rang, or after ``timeout_s`` at the latest."""
        ...


class ChunkQueue(Protocol):
    """The message queue between the machines; it carries ids only."""

    def post(self, chunk_ids: list[int]) -> bool:
        """Send one message per chunk; False when the broker does not answer."""
        ...

    def places(self) -> int | None:
        """Return how many chunks the workers that answer now can evaluate at the same time.

        None when nobody answers.
        """
        ...
