"""Neighbours stay near and inside; a lower quartile is not swayed by one good one."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.features.market import Span
from optimizer.domain.luck.plateau import REACH, lower_quantile, neighbours, time_blocks


@given(point=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_neighbours_are_inside_the_cube_and_near(point: list[float], seed: int) -> None:
    found = neighbours(np.array(point), np.random.default_rng(seed), 50)
    assert found.shape == (50, len(point))
    assert np.all((found >= 0.0) & (found <= 1.0))
    assert np.all(np.abs(found - point) <= 2 * REACH + 1e-12)


@pytest.mark.parametrize("place", [0.0, 0.02, 0.5, 1.0])
def test_neighbours_spread_as_far_at_an_edge_as_in_the_middle(place: float) -> None:
    found = neighbours(np.array([place]), np.random.default_rng(1), 20_000)[:, 0]
    assert found.max() - found.min() == pytest.approx(2 * REACH, rel=0.01)


def test_the_lower_quartile_takes_a_value_that_was_found_and_nan_as_the_worst() -> None:
    assert lower_quantile([5.0, 1.0, 2.0, 3.0, 4.0]) == 2.0
    assert lower_quantile([1.0, 1.0, 1.0, 1e9]) == 1.0
    assert lower_quantile([math.nan, math.nan, 3.0, 4.0]) == -math.inf
    assert lower_quantile([math.inf] * 4) == math.inf


def test_parts_of_time_cover_the_span_once() -> None:
    parts = time_blocks(Span(7, 1007))
    assert parts[0].start == 7
    assert parts[-1].stop == 1007
    assert all(a.stop == b.start for a, b in pairwise(parts))
    assert {part.stop - part.start for part in parts} == {125}
    assert time_blocks(Span(7, 86)) == []
