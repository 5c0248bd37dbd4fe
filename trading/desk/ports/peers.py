"""Another backtest engine, run beside the decision core in the same minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from trading.market.domain.bars import BarArrays


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What one run of a peer over the bars took.

    Attributes:
        bars: closed bars over all pairs; bots: that saw them.
        fills: of their orders, so that a reader sees whether they traded as much as ours.
    """

    bars: int
    bots: int
    fills: int
    cpu_s: float
    wall_s: float

    @property
    def per_cpu_second(self) -> float:
        """Return pair-bars per CPU second."""
        return self.bars / self.cpu_s


class EnginePeer(Protocol):
    """One engine by name."""

    @property
    def name(self) -> str:
        """What it is called, with its version."""
        ...

    @property
    def note(self) -> str:
        """What its bots do, as a sentence for the report."""
        ...

    def runs(
        self, series: Mapping[str, BarArrays], *, step_ms: int
    ) -> AbstractContextManager[Callable[[], EngineRun]]:
        """Make it ready for these bars (by pair), and stop it in the end.

        Yields:
            what measures one run when it is called.

        Raises:
            VenueUnavailableError: it cannot be installed, or it failed; on entering or in a run.
        """
        ...
