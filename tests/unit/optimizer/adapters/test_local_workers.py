"""How many workers a machine gets, what each is given, and candles that lie ready for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from optimizer.adapters.run_files import candles_map, candles_write
from optimizer.adapters.workers.local import place_next
from optimizer.ports.sweeps import Chunk
from tests.oracles import paths
from trading.market.domain.bars import BarArrays


def test_candles_already_written_are_left_alone(tmp_path: Path) -> None:
    bars = paths.path(3, 400)
    folder = tmp_path / "candles"
    candles_write(folder, bars)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    times = np.arange(2, dtype=np.int64)
    candles_write(folder, BarArrays(times, np.zeros((5, 2)), np.zeros(2, dtype=np.uint8)))
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert np.array_equal(candles_map(folder).values, bars.values)


def test_a_worker_is_given_its_own_chunks_and_helps_when_it_has_none() -> None:
    queue = [Chunk(0, place, (), {}, lane) for place, lane in enumerate((0, 1, 0, 1))]
    assert [place_next(queue, lane, is_idle=False) for lane in (0, 1, 2)] == [0, 1, None]
    assert place_next(queue, 2, is_idle=True) == 3
    assert place_next([], 0, is_idle=True) is None
