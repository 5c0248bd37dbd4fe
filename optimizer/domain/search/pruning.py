"""Give up hopeless candidates early: a trial that starts among the worst of its strategy.

A trial is evaluated on the shortest window first. When its steering score there lies below the
lowest share of what the same strategy scored on that window in batches already complete, the later
windows are not evaluated. The floor is fixed before a batch is sent, from completed batches only,
so it does not depend on which worker is faster. A score equal to the floor survives: a strategy
that cannot trade in a short window is not hopeless.

Source: optimizer issue, "Search" (pruning on early windows).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from trading.market.domain.bars import FloatArray

HISTORY: Final = 500  # scores per strategy and window the floor is taken from
LEAST: Final = 30  # scores needed before anything is pruned


class _Scores:
    """The newest ``HISTORY`` scores, each written over the oldest."""

    def __init__(self, scores: Sequence[float] = ()) -> None:
        self._values: FloatArray = np.empty(HISTORY)
        self._values[: len(scores)] = scores
        self._count = len(scores)

    def add(self, score: float) -> None:
        self._values[self._count % HISTORY] = score
        self._count += 1

    def lower_quantile(self, share: float) -> float:
        """Return the score at the share's rank, rounded down; -inf where there are too few."""
        kept = min(self._count, HISTORY)
        if kept < LEAST:
            return -math.inf
        rank = int(share * (kept - 1))
        return float(np.partition(self._values[:kept], rank)[rank])

    def in_order(self) -> list[float]:
        """Return the scores, the oldest first."""
        if self._count < HISTORY:
            return list(self._values[: self._count].tolist())
        return list(np.roll(self._values, -(self._count % HISTORY)).tolist())


class PruningFloors:
    """The scores below which trials are given up, per strategy and early window."""

    def __init__(self, *, share: float, n_windows: int) -> None:
        """Start without history.

        Args:
            share: of the trials, in [0, 0.5]; 0 prunes nothing.
            n_windows: of the study; the last is never pruned on.
        """
        self._share, self._n_early = share, n_windows - 1
        self._seen: dict[str, list[_Scores]] = {}

    def add(self, strategy: str, early: Sequence[float]) -> None:
        """Take the steering scores of a finished trial on the windows it was evaluated on."""
        if strategy not in self._seen:
            self._seen[strategy] = [_Scores() for _ in range(self._n_early)]
        for seen, score in zip(self._seen[strategy], early, strict=False):
            # an unbounded or undefined score must not decide who is hopeless
            seen.add(score if math.isfinite(score) else -math.inf)

    def floors(self, strategy: str) -> tuple[float, ...]:
        """Return a floor per early window, -inf where nothing is pruned yet."""
        seen = self._seen.get(strategy)
        if not seen or self._share <= 0.0:
            return (-math.inf,) * self._n_early
        return tuple(scores.lower_quantile(self._share) for scores in seen)

    def state(self) -> dict[str, list[list[float | None]]]:
        """Return the history as plain JSON values; what is not finite is None."""
        return {
            name: [[x if math.isfinite(x) else None for x in scores.in_order()] for scores in seen]
            for name, seen in self._seen.items()
        }

    def restore(self, state: dict[str, list[list[float | None]]]) -> None:
        """Take the history of another instance; None stands for the worst score."""
        self._seen = {
            name: [_Scores([-math.inf if x is None else x for x in scores]) for scores in seen]
            for name, seen in state.items()
        }
