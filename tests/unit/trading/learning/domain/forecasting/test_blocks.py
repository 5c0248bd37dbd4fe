"""Blocks hold every bar once, by step and name, however they are made or cut."""

from __future__ import annotations

import pytest

from tests.fakes.forecasts import EPOCH, STEP, walk, with_holes
from trading.base.domain.errors import InvariantError
from trading.learning.domain.forecasting.blocks import block_of, block_of_series, blocks_of_series
from trading.market.domain.bars import Bar

SERIES = {"BBB/USDT": walk(1, 40), "AAA/USDT": with_holes(walk(2, 40), [3, 4, 39])}


def steps() -> list[tuple[int, list[tuple[str, Bar]]]]:
    found: dict[int, list[tuple[str, Bar]]] = {}
    for pair, bars in SERIES.items():
        for i in range(len(bars)):
            found.setdefault(int(bars.open_time[i]), []).append((pair, bars.bar(i)))
    return sorted(found.items())


def test_stored_bars_and_bars_one_by_one_make_the_same_block() -> None:
    stored, single = block_of_series(SERIES, STEP), block_of(steps(), STEP)
    assert stored.pairs == single.pairs == ("AAA/USDT", "BBB/USDT")
    for name in ("open_times", "stops", "places", "values", "flags"):
        assert getattr(stored, name).tolist() == getattr(single, name).tolist(), name


@pytest.mark.parametrize("times", [1, 7, 40, 100])
def test_blocks_cut_apart_hold_all_rows_in_order(times: int) -> None:
    whole = block_of_series(SERIES, STEP)
    parts = list(blocks_of_series(SERIES, STEP, times=times))
    assert sum(map(len, parts)) == len(whole) == 40
    assert all(len(part) <= times for part in parts)
    for name in ("open_times", "places", "flags"):
        joined = [value for part in parts for value in getattr(part, name).tolist()]
        assert joined == getattr(whole, name).tolist()
    closes = [value for part in parts for value in part.values[3].tolist()]
    assert closes == whole.values[3].tolist()
    assert [int(part.stops[-1]) for part in parts] == [len(part.places) for part in parts]


def test_there_may_be_no_bars_at_all() -> None:
    assert len(block_of_series({}, STEP)) == 0
    assert list(blocks_of_series({}, STEP)) == []
    empty = block_of([(EPOCH, [])], STEP)
    assert (len(empty), empty.stops.tolist(), empty.values.shape) == (1, [0], (5, 0))


def test_a_step_with_two_bars_of_a_pair_or_of_two_times_is_a_bug() -> None:
    bar = Bar(EPOCH, 1.0, 1.0, 1.0, 1.0, 1.0)
    for bars in ([("A", bar), ("A", bar)], [("A", bar._replace(open_time=0))]):
        with pytest.raises(InvariantError, match="two bars of one pair or one of another time"):
            block_of([(EPOCH, bars)], STEP)
