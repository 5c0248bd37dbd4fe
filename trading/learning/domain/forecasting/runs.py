"""Forecast sets of many bar times as columns, and the shelf a session keeps them on.

A forecaster is shown whole blocks of bars and answers with a run: one set a step. Cut out, a set
costs a microsecond; a decision cuts out only the one it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.learning.domain.forecasting.blocks import BarBlock
from trading.learning.domain.forecasting.sets import (
    FIGURES,
    Forecast,
    ForecastSet,
    Missing,
    ReasonArray,
    SetHead,
)
from trading.market.domain.bars import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRun:
    """The sets of ``k`` steps, ``m`` pairs with a bar in all.

    Attributes:
        head: of all of them.
        open_times: int64[k], ms UTC; need not grow, a late pair has steps of its own.
        stops: int64[k], the first row after each step.
        places: int64[m], see ``ForecastSet``, as the others.
        values: float64[m, h, 6].
        reasons: uint8[m, h].
    """

    head: SetHead
    open_times: IntArray
    stops: IntArray
    places: IntArray
    values: FloatArray
    reasons: ReasonArray

    def __len__(self) -> int:
        return int(self.open_times.shape[0])

    def __getitem__(self, i: int) -> ForecastSet:
        """Return set ``i``, counted from 0 (views, no copy)."""
        if not 0 <= i < len(self):
            raise IndexError(i)
        rows = slice(int(self.stops[i - 1]) if i else 0, int(self.stops[i]))
        return ForecastSet(
            self.head, int(self.open_times[i]), self.places[rows], self.values[rows],
            self.reasons[rows],
        )  # fmt: skip

    def __iter__(self) -> Iterator[ForecastSet]:
        return (self[i] for i in range(len(self)))

    @property
    def expiry(self) -> int:
        """Return the last bar time any of them may be used at, ms UTC."""
        newest = int(self.open_times.max()) if len(self) else -self.head.step_ms
        return newest + self.head.step_ms + self.head.lifetime_ms

    def up_to(self, now: int) -> IntArray:
        """Return the numbers of the sets of bar times up to ``now``, ms UTC, the newest last."""
        return np.flatnonzero(self.open_times <= now - self.head.step_ms)

    def is_same(self, other: ForecastRun) -> bool:
        """Return whether both say the same, bit by bit."""
        return len(self) == len(other) and all(
            mine.is_same(its) for mine, its in zip(self, other, strict=True)
        )


def run_of(sets: Sequence[ForecastSet]) -> ForecastRun:
    """Return single sets as a run.

    Raises:
        InvariantError: there are none, or their heads differ.
    """
    heads = {one.head for one in sets}
    if len(heads) != 1:
        raise InvariantError(f"{len(sets)} sets had {len(heads)} heads; expected one")
    return ForecastRun(
        head=heads.pop(),
        open_times=np.array([one.open_time for one in sets], dtype=np.int64),
        stops=np.cumsum([len(one.places) for one in sets], dtype=np.int64),
        places=np.concatenate([one.places for one in sets]),
        values=np.concatenate([one.values for one in sets]),
        reasons=np.concatenate([one.reasons for one in sets]),
    )


def failed_run(head: SetHead, block: BarBlock) -> ForecastRun:
    """Return the run of a forecaster that failed: the pairs had bars and have no forecast."""
    places, stops, _ = rows_of(head.pairs, block)
    shape = len(places), len(head.horizons_ms)
    return ForecastRun(
        head, block.open_times, stops, places,
        np.full((*shape, len(FIGURES)), np.nan),
        np.full(shape, Missing.FORECASTER_FAILED, dtype=np.uint8),
    )  # fmt: skip


def rows_of(pairs: tuple[str, ...], block: BarBlock) -> tuple[IntArray, IntArray, IntArray]:
    """Return which rows of a block are of ``pairs``.

    Returns:
        int64[m], the place of each such row's pair in ``pairs``; int64[k], where each step ends
        among them; int64[m], their numbers among all rows.
    """
    if block.pairs == pairs:
        return block.places, block.stops, np.arange(len(block.places))
    mine = {pair: i for i, pair in enumerate(pairs)}
    place = np.array([mine.get(pair, -1) for pair in block.pairs], dtype=np.int64)
    places = place[block.places] if len(place) else block.places
    is_mine = places >= 0
    stops = np.concatenate(([0], np.cumsum(is_mine)))[block.stops]
    return places[is_mine], stops, np.flatnonzero(is_mine)


class Shelf:
    """The runs that may still be used, in the order they came.

    A run may come ahead of its bar times (a block at once) and after newer ones (of a pair that is
    late); a decision sees only the sets of its own time and before.
    """

    __slots__ = ("_runs",)

    def __init__(self, runs: Sequence[ForecastRun] = ()) -> None:
        self._runs = tuple(runs)

    @property
    def runs(self) -> tuple[ForecastRun, ...]:
        """Return them, oldest first."""
        return self._runs

    def put(self, run: ForecastRun, now: int) -> None:
        """Add a run, and forget those that expired before ``now``, the newest bar time, ms UTC."""
        self._runs = (*(one for one in self._runs if one.expiry >= now), run)

    def get(self, pair: str, horizon_ms: int, now: int) -> Forecast | Missing:
        """Return the newest forecast that may be used at ``now``, else why there is none.

        What the newest set says of the pair counts. Only where it says that its forecaster failed,
        that the pair had no bar or that nobody asked, an older forecast serves until it expires.
        """
        why = Missing.NOT_ASKED
        for run in reversed(self._runs):
            for i in run.up_to(now)[::-1].tolist():
                found = run[i].get(pair, horizon_ms, now)
                if isinstance(found, Forecast):
                    return found
                if why is Missing.NOT_ASKED:
                    why = found
                if found not in _PASSED_OVER:
                    return why
        return why


_PASSED_OVER: Final = frozenset({Missing.FORECASTER_FAILED, Missing.NO_BAR, Missing.NOT_ASKED})
