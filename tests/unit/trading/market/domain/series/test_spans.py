"""Spans of time: what is known, what is left, what bars cover."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trading.market.domain.series.spans import spans_join, spans_left, spans_of

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def _times(spans: object) -> set[int]:
    return {t for start, stop in spans for t in range(start, stop)}  # type: ignore[attr-defined]


@given(spans=SPANS)
def test_joined_spans_are_the_same_times_sorted_and_apart(spans: list[tuple[int, int]]) -> None:
    joined = spans_join(spans)
    assert _times(joined) == _times(spans)
    assert all(a < b for a, b in joined)
    assert all(before[1] < after[0] for before, after in pairwise(joined))


@given(known=SPANS, start=st.integers(0, 60), length=st.integers(0, 60))
def test_what_is_left_and_what_is_known_make_the_whole(
    known: list[tuple[int, int]], start: int, length: int
) -> None:
    whole = (start, start + length)
    left = spans_left(whole, known)
    assert _times(left) == _times([whole]) - _times(known)
    assert left == sorted(left)


@given(held=st.sets(st.integers(0, 40)))
def test_bars_cover_their_own_times_only(held: set[int]) -> None:
    times = np.array(sorted(held), dtype=np.int64) * 5
    assert _times(spans_of(times, 5)) == {5 * t + k for t in held for k in range(5)}
