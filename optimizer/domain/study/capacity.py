"""How many workers a machine can bear: one a core, as many as fit into memory and have work.

What is asked for beyond that makes nothing faster and takes the machine down. A worker needs its
libraries and compiled kernels, the features of its candles and a bounded store of indicators; a
machine that has nothing compiled yet needs more while it compiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

BASE_MB: Final = 400.0  # of a worker while it compiles; 85 once it has
BAR_BYTES: Final = 260  # of prepared features, measured on 20,000 to 400,000 bars
STORE_MB: Final = 96.0  # of indicators that are kept
RESERVED_MB: Final = 1024.0  # for who feeds the workers, and for the rest of the machine


@dataclass(frozen=True, slots=True)
class Room:
    """What a machine has to give.

    Attributes:
        cores: this process may use, limits of its container included.
        memory_mb: that could be used now, likewise, MiB; None where the system does not say.
    """

    cores: int
    memory_mb: float | None


@dataclass(frozen=True, slots=True)
class WorkersGiven:
    """How many workers were asked for, how many there will be, and why not as many.

    Attributes:
        asked: None where a share of the cores was.
        given: at least 1.
        why: what limits them, in words; empty where nothing does.
    """

    asked: int | None
    given: int
    why: str

    @property
    def sentence(self) -> str:
        """Return what to tell a person; empty where they get what they asked for."""
        if not self.why:
            return ""
        were = "1 was" if self.given == 1 else f"{self.given} were"
        return f"{self.asked or 'more'} workers were asked for, {were} given: {self.why}"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {"asked": self.asked, "given": self.given, "why": self.why}


def worker_mb(n_bars: int) -> float:
    """Return the memory of one worker on so many bars, MiB."""
    return BASE_MB + STORE_MB + n_bars * BAR_BYTES / 2**20


def workers_in(
    room: Room, *, asked: int | None, share: float, n_bars: int, in_flight: int
) -> WorkersGiven:
    """Return how many workers to start.

    Args:
        room: of the machine.
        asked: by a person, 1 or more; None takes ``share`` of the cores.
        share: of the cores, above 0, up to 1.
        n_bars: of the candles each of them prepares.
        in_flight: chunks of trials that can be evaluated at the same time, 1 or more.
    """
    wanted = max(1, int(room.cores * share)) if asked is None else asked
    limits = [
        (room.cores, f"this machine grants {_counted(room.cores, 'core')}"),
        (in_flight, f"{_counted(in_flight, 'chunk')} of trials can be in flight"),
    ]
    if room.memory_mb is not None:
        each = worker_mb(n_bars)
        fits = int((room.memory_mb - RESERVED_MB) // each)
        limits.append(
            (
                max(1, fits),
                f"{room.memory_mb:,.0f} MiB of memory are free and one takes up to {each:,.0f}",
            )
        )
    least, why = min(limits)
    return WorkersGiven(asked, min(wanted, least), why if wanted > least else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
