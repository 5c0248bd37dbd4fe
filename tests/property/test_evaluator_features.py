"""The shared spans answer as the slow definition does, for any span of any data."""

from __future__ import annotations

import math
import operator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.domain.features.averages import ema, ema_stepwise
from optimizer.domain.features.drawdown import (
    climb_chain,
    drawdown_tree,
    first_at_least,
    longest_gap,
    span_summary,
)
from optimizer.domain.features.extremes import extremes, span_max, span_min
from optimizer.domain.features.market import market_prepare
from optimizer.domain.features.moments import prefix_moments, span_moments
from optimizer.domain.features.prefix import S_CLOSE, S_RANGE, prefix_sums, span_sum
from optimizer.domain.features.runs import (
    HIGH_ABOVE,
    HIGHER,
    LOWER,
    NEVER,
    NOT_LOWER,
    next_longer,
    next_unlike,
    run_lengths,
)
from tests.oracles.paths import path
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE, HIGH, BarArrays

prices = st.lists(st.integers(1, 40).map(float), min_size=1, max_size=300).map(np.array)


def a_span(data: st.DataObject, n: int) -> tuple[int, int]:
    a = data.draw(st.integers(0, n - 1))
    return a, data.draw(st.integers(a + 1, n))


@given(prices, st.data())
@settings(max_examples=150, deadline=None)
def test_extremes_of_any_span(x: np.ndarray, data: st.DataObject) -> None:
    edges, tables = extremes(x)
    a, b = a_span(data, len(x))
    assert span_max(x, edges, tables, a, b) == x[a:b].max()
    assert span_min(x, edges, tables, a, b) == x[a:b].min()


@given(prices, st.data())
@settings(max_examples=150, deadline=None)
def test_drawdown_of_any_span(x: np.ndarray, data: st.DataObject) -> None:
    a, b = a_span(data, len(x))
    highest, lowest, ratio = span_summary(x, drawdown_tree(x), a, b)
    part = x[a:b]
    assert (highest, lowest) == (part.max(), part.min())
    assert ratio == (part / np.maximum.accumulate(part)).min()


@given(prices, st.data())
@settings(max_examples=150, deadline=None)
def test_records_and_gaps_of_any_span(x: np.ndarray, data: st.DataObject) -> None:
    a, b = a_span(data, len(x))
    climbs = climb_chain(x)
    peak = data.draw(st.integers(0, 45))
    first = next((t for t in range(a, b) if x[t] >= peak), b)
    assert first_at_least(x, climbs, a, b, 1.0, float(peak)) == first
    records = [t for t in range(a, b) if x[t] >= x[a : t + 1].max()]
    gaps = [late - early for early, late in pairwise(records)]
    assert longest_gap(climbs, a, b) == (max(gaps, default=0), records[-1])


@given(prices)
@settings(max_examples=100, deadline=None)
def test_runs_count_back_to_the_last_other_side(x: np.ndarray) -> None:
    bars = np.stack([x, x + 1, x - 0.5, x, x])
    bars[HIGH, ::2] = x[::2]
    runs = run_lengths(bars)
    for t in range(len(x)):
        for row, is_past in (
            (HIGHER, operator.gt),
            (LOWER, operator.lt),
            (NOT_LOWER, operator.ge),
        ):
            back = (t - j for j in range(t - 1, -1, -1) if is_past(x[j], x[t]))
            assert runs[row, t] == next(back, NEVER)
        above = next((t - j for j in range(t, -1, -1) if bars[HIGH, j] > x[t]), NEVER)
        assert runs[HIGH_ABOVE, t] == above


@given(prices, st.data())
@settings(max_examples=100, deadline=None)
def test_moments_of_any_span(x: np.ndarray, data: st.DataObject) -> None:
    a = data.draw(st.integers(1, len(x)))
    b = data.draw(st.integers(a, len(x)))
    returns = (x[1:] / x[:-1] - 1.0)[a - 1 : b - 1]
    losses = returns[returns < 0.0]
    expected = [math.fsum(values) for values in (returns, returns**2, losses, losses**2)]
    found = span_moments(x, prefix_moments(x), a, b)
    assert list(found) == pytest.approx([*expected, len(losses)], rel=1e-13, abs=1e-13)


# Long quiet stretches with few others between, so that whole blocks are passed.
sparse = st.lists(st.tuples(st.integers(0, 200), st.integers(-1, 3)), max_size=6).map(
    lambda parts: [0] + [value for quiet, last in parts for value in [0] * quiet + [last]]
)


@given(sparse, st.integers(-1, 1), st.data())
@settings(max_examples=200, deadline=None)
def test_the_next_bar_that_matters(row: list[int], quiet: int, data: st.DataObject) -> None:
    stop = data.draw(st.integers(0, len(row)))
    t = data.draw(st.integers(0, len(row)))
    loud = next((i for i in range(t, stop) if row[i] != quiet), stop)
    assert next_unlike(np.array(row, dtype=np.int8), t, stop, quiet) == loud
    longer = next((i for i in range(t, stop) if row[i] > quiet), stop)
    assert next_longer(np.array(row, dtype=np.int32), t, stop, quiet) == longer


def test_a_wick_of_1690_times_the_price_leaves_the_sums_exact() -> None:
    values = path(3, 2000, wick=True).values
    values[CLOSE, 500] *= 1e9  # far worse than the wick in the data
    sums, rests = prefix_sums(values)
    for a, b in ((0, 400), (501, 502), (600, 614), (501, 2000)):
        exact = math.fsum(values[CLOSE, a:b])
        assert span_sum(sums[S_CLOSE], rests[S_CLOSE], a, b) == pytest.approx(exact, rel=1e-14)
    span = span_sum(sums[S_RANGE], rests[S_RANGE], 700, 748)
    assert 0 < span < 1


@given(prices, st.integers(1, 200))
@settings(max_examples=100, deadline=None)
def test_the_blocked_average_equals_the_chain(x: np.ndarray, period: int) -> None:
    fast, slow = np.empty(len(x)), np.empty(len(x))
    ema(x, period, fast)
    ema_stepwise(x, period, slow)
    assert fast == pytest.approx(slow, rel=1e-13)


def test_the_average_of_one_bar_is_that_bar_to_the_last_digit() -> None:
    x = np.array([0.004997, 0.005031, 4.994972, 0.005, 0.004975, 1e9, 1e-9, 0.1, 0.3, 7.7])
    for average in (ema, ema_stepwise):
        out = np.empty(len(x))
        average(x, 1, out)
        assert out.tolist() == x.tolist()


def test_a_constant_series_has_itself_as_average_to_the_last_digit() -> None:
    x = np.full(500, 0.1)
    out = np.empty(500)
    ema(x, 37, out)
    assert np.all(out == 0.1)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_impossible_prices_are_refused_with_their_place(bad: float) -> None:
    bars = path(1, 50)
    bars.values[CLOSE, 17] = bad
    with pytest.raises(BadInputError, match="bar 17 has prices"):
        market_prepare(bars)


def test_no_bars_are_refused() -> None:
    empty = BarArrays(np.empty(0, np.int64), np.empty((5, 0)), np.empty(0, np.uint8))
    with pytest.raises(BadInputError, match="no bars"):
        market_prepare(empty)
