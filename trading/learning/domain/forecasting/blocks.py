"""Closed bars of many times and pairs as columns: what a forecaster is shown at once.

A block is a run of steps. A step holds the bars of one open time, at most one a pair, by name of
the pair; a pair that comes late brings its bars in steps of their own, so the open times of a block
need not grow. Where a block is cut changes nothing about any forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import Bar, BarArrays, FlagArray, FloatArray, IntArray

TIMES_AHEAD: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class BarBlock:
    """Closed bars of ``k`` steps, ``n`` rows in all.

    Attributes:
        step_ms: length of a bar, ms.
        pairs: names the rows count into, sorted.
        open_times: int64[k], ms UTC, one a step.
        stops: int64[k], the first row after each step.
        places: int64[n], which pair a row is of; grows within a step.
        values: float64[5, n], rows in the order of ``COLUMNS``.
        flags: uint8[n], ``BarFlag``.
    """

    step_ms: int
    pairs: tuple[str, ...]
    open_times: IntArray
    stops: IntArray
    places: IntArray
    values: FloatArray
    flags: FlagArray

    def __len__(self) -> int:
        return int(self.open_times.shape[0])

    def steps(self, first: int, stop: int) -> BarBlock:
        """Return the steps from ``first`` up to ``stop`` (views, no copy)."""
        begin = int(self.stops[first - 1]) if first else 0
        stops = self.stops[first:stop] - begin
        rows = slice(begin, begin + (int(stops[-1]) if len(stops) else 0))
        return BarBlock(
            self.step_ms, self.pairs, self.open_times[first:stop], stops,
            self.places[rows], self.values[:, rows], self.flags[rows],
        )  # fmt: skip


def block_of(steps: Iterable[tuple[int, Sequence[tuple[str, Bar]]]], step_ms: int) -> BarBlock:
    """Return the block of these steps, each an open time with the bars of its pairs.

    Raises:
        InvariantError: a step has two bars of one pair, or a bar of another open time.
    """
    given = [(time, sorted(bars, key=lambda row: row[0])) for time, bars in steps]
    names = tuple(sorted({pair for _, bars in given for pair, _ in bars}))
    place = {name: i for i, name in enumerate(names)}
    for time, bars in given:
        if len({pair for pair, _ in bars}) != len(bars) or any(
            b.open_time != time for _, b in bars
        ):
            raise InvariantError(
                f"a step at {time} had two bars of one pair or one of another time"
            )
    rows = [bar for _, bars in given for _, bar in bars]
    table = np.array([bar[1:6] for bar in rows], dtype=np.float64).reshape(len(rows), 5)
    return BarBlock(
        step_ms=step_ms,
        pairs=names,
        open_times=np.array([time for time, _ in given], dtype=np.int64),
        stops=np.cumsum([len(bars) for _, bars in given], dtype=np.int64),
        places=np.array([place[pair] for _, bars in given for pair, _ in bars], dtype=np.int64),
        values=np.ascontiguousarray(table.T),
        flags=np.array([bar.flags for bar in rows], dtype=np.uint8),
    )


def block_of_series(series: Mapping[str, BarArrays], step_ms: int) -> BarBlock:
    """Return stored bars of many pairs as one block, a step for every open time."""
    names = tuple(sorted(series))
    if not names:
        return block_of([], step_ms)
    times = np.concatenate([series[name].open_time for name in names])
    order = np.argsort(times, kind="stable")  # of one time by name: as they were put together
    times = times[order]
    stops = np.flatnonzero(np.diff(times, append=times[-1:] + 1)) + 1
    counts = [len(series[name]) for name in names]
    return BarBlock(
        step_ms=step_ms,
        pairs=names,
        open_times=times[stops - 1],
        stops=stops,
        places=np.repeat(np.arange(len(names)), counts)[order],
        values=np.concatenate([series[name].values for name in names], axis=1)[:, order],
        flags=np.concatenate([series[name].flags for name in names])[order],
    )


def blocks_of_series(
    series: Mapping[str, BarArrays], step_ms: int, *, times: int = TIMES_AHEAD
) -> Iterator[BarBlock]:
    """Yield stored bars in blocks of at most ``times`` steps."""
    whole = block_of_series(series, step_ms)
    for first in range(0, len(whole), times):
        yield whole.steps(first, min(first + times, len(whole)))
