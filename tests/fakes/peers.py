"""A backtest engine whose runs are planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from trading.base.domain.errors import VenueUnavailableError
from trading.desk.ports.peers import EngineRun
from trading.market.domain.bars import BarArrays


@dataclass
class FakePeer:
    """A peer whose runs are planned; one more than planned fails."""

    planned: list[EngineRun]
    is_installed: bool = True
    seen: tuple[tuple[str, ...], int] = ((), 0)
    is_stopped: bool = False
    turns: Iterator[EngineRun] = field(init=False)
    name = "slowpoke 1.0"
    note = "made up for this test"

    def __post_init__(self) -> None:
        self.turns = iter(self.planned)

    def turn(self) -> EngineRun:
        for run in self.turns:
            return run
        raise VenueUnavailableError("no such package")

    @contextmanager
    def runs(
        self, series: Mapping[str, BarArrays], *, step_ms: int
    ) -> Iterator[Callable[[], EngineRun]]:
        if not self.is_installed:
            raise VenueUnavailableError("no such package")
        self.seen = (tuple(series), step_ms)
        yield self.turn
        self.is_stopped = True
