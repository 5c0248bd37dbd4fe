"""A peer that is measured by turns with ours, and how ours stands to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from trading.base.domain.errors import VenueUnavailableError
from trading.desk.ports.peers import EnginePeer, EngineRun
from trading.market.domain.bars import BarArrays


@dataclass(slots=True)
class Beside:
    """The runs of one peer; ``reason`` says why it did not (or no longer) run."""

    peer: EnginePeer | None
    say: Callable[[str], None]
    run: Callable[[], EngineRun] | None = None
    done: list[EngineRun] = field(default_factory=list)
    reason: str = ""

    def measure(self) -> None:
        """Let the peer have its turn; one that fails costs nothing else."""
        if self.peer is None or self.run is None or self.reason:
            return
        try:
            self.say(f"{self.peer.name}, run {len(self.done) + 1}")
            self.done.append(self.run())
        except VenueUnavailableError as error:
            self.fail(error)

    def fail(self, error: VenueUnavailableError) -> None:
        """Remember why it does not run, and tell."""
        self.reason = str(error)
        self.say(f"{self.peer.name if self.peer else 'the peer'} is not measured: {error}")

    def figures(self, rates: Sequence[float]) -> dict[str, dict[str, Any]]:
        """Return its figures by name; ``rates`` are ours of the same rounds, per CPU second."""
        if self.peer is None:
            return {}
        if self.reason or not self.done:
            return {self.peer.name: {"reason": self.reason or "no round was measured"}}
        theirs = [run.per_cpu_second for run in self.done]
        times = [ours / peer for ours, peer in zip(rates, theirs, strict=True)]
        return {
            self.peer.name: {
                "bars_per_cpu_second": round(median(theirs), 1),
                "bars_per_cpu_second_rounds": [round(rate, 1) for rate in theirs],
                "times_faster": round(median(times), 2),
                "times_faster_rounds": [round(value, 2) for value in times],
                "bots": self.done[0].bots,
                "fills": self.done[0].fills,
                "note": self.peer.note,
            }
        }


@contextmanager
def measured_beside(
    peer: EnginePeer | None,
    series: Mapping[str, BarArrays],
    *,
    step_ms: int,
    say: Callable[[str], None],
) -> Iterator[Beside]:
    """Make the peer ready for the bars (by pair) and stop it in the end."""
    beside = Beside(peer, say)
    with ExitStack() as stack:
        if peer is not None:
            try:
                beside.run = stack.enter_context(peer.runs(series, step_ms=step_ms))
            except VenueUnavailableError as error:
                beside.fail(error)
        yield beside
