"""Other backtesters, run beside ours in the same minute and in their own environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from trading.market.domain.bars import FloatArray


@dataclass(frozen=True, slots=True)
class PeerJob:
    """Rules to run over the same bars: per rule, pairs of windows in bars.

    Attributes:
        values: float64[5, n], rows open, high, low, close, volume.
        fee: share of the notional a fill costs.
        cash: quote at the start.
        rules: by rule name (``sma_cross``, ``donchian``) the pairs (first window, second window).
        seconds: how long each peer measures one rule in a round; at least one run.
    """

    values: FloatArray
    fee: float
    cash: float
    rules: Mapping[str, Sequence[tuple[int, int]]]
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """What one peer did with one rule; ``reason`` says why it did not run.

    ``returns_pct`` and ``trades`` are of the first pairs, as many as were run.
    """

    peer: str
    rule: str
    evaluations: int = 0
    cpu_s: float = 0.0
    returns_pct: Sequence[float] = field(default=())
    trades: Sequence[int] = field(default=())
    reason: str = ""

    @property
    def per_second(self) -> float:
        """Return evaluations per CPU second, 0 when it did not run."""
        return self.evaluations / self.cpu_s if self.cpu_s > 0 else 0.0


PeerRound = Callable[[], Sequence[PeerFigures]]


class PeerRunner(Protocol):
    """Runs the peers."""

    def rounds(self, job: PeerJob) -> AbstractContextManager[PeerRound]:
        """Start the peers, and stop them in the end.

        Yields:
            what measures one round when it is called: every peer and rule, one that cannot run
            gives its ``reason``.
        """
        ...
