"""Packed forecasts come back to the last bit, whatever they say; what is no pack is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trading.base.domain.errors import BadInputError
from trading.learning.domain.forecasting.packing import run_pack, run_unpack, set_as_json
from trading.learning.domain.forecasting.runs import ForecastRun
from trading.learning.domain.forecasting.sets import FIGURES, Missing, SetHead

NAMES = st.text(st.characters(blacklist_characters="\n", codec="utf-8"), min_size=1, max_size=8)
LENGTHS = st.integers(1, 2**40)
TIMES = st.integers(0, 2**42)


@st.composite
def runs(draw: st.DrawFn) -> ForecastRun:
    pairs = tuple(sorted(draw(st.sets(NAMES, max_size=5))))
    horizons = tuple(sorted(draw(st.sets(LENGTHS, max_size=4))))
    head = SetHead(
        draw(NAMES), draw(NAMES), pairs, draw(LENGTHS), horizons, draw(st.integers(0, 2**40))
    )
    here = st.sets(st.integers(0, len(pairs) - 1)) if pairs else st.just(set[int]())
    places = [sorted(one) for one in draw(st.lists(here, max_size=6))]
    flat = np.array([i for one in places for i in one], dtype=np.int64)
    shape = len(flat), len(horizons)
    figures = draw(arrays.arrays(np.float64, (*shape, len(FIGURES)), elements=st.floats(width=64)))
    reasons = draw(arrays.arrays(np.uint8, shape, elements=st.sampled_from([0, *Missing])))
    return ForecastRun(
        head,
        np.array([draw(TIMES) for _ in places], dtype=np.int64),
        np.cumsum([len(one) for one in places], dtype=np.int64),
        flat, figures, reasons,
    )  # fmt: skip


@given(run=runs())
def test_a_packed_run_comes_back_to_the_last_bit(run: ForecastRun) -> None:
    data = run_pack(run)
    again = run_unpack(data)
    assert again.head == run.head
    assert again.is_same(run)
    assert run_pack(again) == data


@given(run=runs(), cut=st.integers(1, 30))
def test_a_pack_that_was_cut_or_grew_is_refused(run: ForecastRun, cut: int) -> None:
    data = run_pack(run)
    for broken in (data[:-cut], data + b"\0" * cut, b"XXXX" + data[4:]):
        with pytest.raises(BadInputError, match="packed forecasts"):
            run_unpack(broken)


@given(run=runs())
def test_a_person_reads_figures_or_reasons(run: ForecastRun) -> None:
    for one in run:
        told = set_as_json(one)
        assert list(told["pairs"]) == list(one.pairs)
        for pair, row in zip(one.pairs, one.reasons.tolist(), strict=True):
            cells = list(told["pairs"][pair].values())
            if len(cells) < len(row):  # two lengths of one label
                continue
            for cell, why in zip(cells, row, strict=True):
                assert set(cell) == ({"missing"} if why else set(FIGURES))


def test_the_size_is_as_stated() -> None:
    head = SetHead("f", "b", ("A", "B"), 1, (1, 2, 3), 0)
    sizes = []
    for n_sets, n_pairs in ((1, 1), (1, 2), (2, 2)):
        n = n_sets * n_pairs
        run = ForecastRun(
            head, np.zeros(n_sets, np.int64), n_pairs * np.arange(1, n_sets + 1),
            np.tile(np.arange(n_pairs), n_sets), np.zeros((n, 3, 6)), np.zeros((n, 3), np.uint8),
        )  # fmt: skip
        sizes.append(len(run_pack(run)))
    assert sizes[1] - sizes[0] == 3 * 49 + 2
    assert sizes[2] - sizes[1] == 2 * (3 * 49 + 2) + 10
