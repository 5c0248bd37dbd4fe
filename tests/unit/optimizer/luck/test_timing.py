"""Round trips made into signals make the same round trips; random ones keep number and length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.evaluator.evaluator import Evaluator, Plan, Run
from optimizer.domain.evaluator.walk import T_ENTRY, T_EXIT
from optimizer.domain.features.market import Span
from optimizer.domain.luck.random_entry import (
    DRAWS,
    LEAST_DRAWS,
    draws_for,
    percentile,
    random_entry_returns,
    random_timings,
)
from optimizer.domain.luck.timing import part_signals, timed_signals
from optimizer.domain.metrics import FillModel
from tests.oracles import paths


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(paths.path(3, 2000), step_ms=paths.STEP_MS, costs=paths.schedule())


def many_trades(evaluator: Evaluator, fill: FillModel = FillModel.NEXT_OPEN) -> Run:
    params = {"entry_days": 0.2, "exit_days": 0.1, "ema_exit_days": 0.1}
    return evaluator.evaluate("donchian_champion", params, Plan(fill=fill))[0]


@pytest.mark.parametrize("fill", FillModel)
def test_the_whole_as_its_own_part_is_the_run(evaluator: Evaluator, fill: FillModel) -> None:
    run = many_trades(evaluator, fill)
    assert run.metrics.num_trades > 10
    _, rows = evaluator.run(part_signals(run.trade_rows, run.span), run.span, 1000.0, fill)
    np.testing.assert_array_equal(rows, run.trade_rows)


def test_parts_hold_what_the_run_held_but_for_their_first_bar(evaluator: Evaluator) -> None:
    run = many_trades(evaluator)
    held = np.zeros(2000, dtype=bool)
    for row in run.trade_rows:
        held[int(row[T_ENTRY]) : int(row[T_EXIT])] = True
    for a, b in ((0, 700), (700, 701), (650, 1300), (1300, 2000)):
        part = Span(a, b)
        _, rows = evaluator.run(part_signals(run.trade_rows, part), part, 1000.0, run.fill)
        found = np.zeros(2000, dtype=bool)
        for row in rows:
            found[int(row[T_ENTRY]) : int(row[T_EXIT])] = True
        wanted = held.copy()
        wanted[: a + 1] = False
        wanted[b - 1 :] = False  # closed at the last close
        np.testing.assert_array_equal(found, wanted)


def test_a_round_trip_on_one_bar_carries_both_flags() -> None:
    signals = timed_signals(np.array([3, 8, 20]), np.array([3, 9, 28]), Span(0, 30))
    assert signals.at.tolist() == [3, 8, 9, 20]
    assert signals.side.tolist() == [3, 1, 2, 1]


@given(
    holds=st.lists(st.integers(0, 12), min_size=1, max_size=9),
    start=st.integers(0, 50),
    slack=st.integers(0, 40),
    seed=st.integers(0, 99),
)
def test_random_timing_keeps_number_and_length_and_stays_inside(
    holds: list[int], start: int, slack: int, seed: int
) -> None:
    needed = sum(holds) + len(holds) - 1
    span = Span(start, start + 2 + needed + slack)
    buys, sells = random_timings(np.array(holds), span, 20, np.random.default_rng(seed))
    assert np.all(np.sort(sells - buys, axis=1) == np.sort(holds))
    assert np.all(buys >= span.start)
    assert np.all(sells <= span.stop - 2)  # filled on the last bar at the latest
    assert np.all(buys[:, 1:] > sells[:, :-1])


def test_random_timing_visits_the_whole_span_evenly() -> None:
    span = Span(0, 1002)
    buys, _ = random_timings(np.array([10]), span, 20_000, np.random.default_rng(1))
    assert buys.min() == 0
    assert buys.max() == 990
    assert buys.mean() == pytest.approx(495, rel=0.02)


def test_random_runs_trade_as_often_at_the_same_costs(evaluator: Evaluator) -> None:
    run = many_trades(evaluator)
    draws = random_entry_returns(evaluator, run, np.random.default_rng(2))
    assert draws.shape == (DRAWS,)
    assert len(set(draws.tolist())) > DRAWS // 2
    again = random_entry_returns(evaluator, run, np.random.default_rng(2))
    np.testing.assert_array_equal(draws, again)
    holds = (run.trade_rows[:, T_EXIT] - run.trade_rows[:, T_ENTRY]).astype(np.int64)
    buys, sells = random_timings(holds, run.span, DRAWS, np.random.default_rng(2))
    metrics, rows = evaluator.run(
        timed_signals(buys[0], sells[0], run.span), run.span, 1000.0, run.fill
    )
    assert metrics.total_return_pct == pytest.approx(draws[0], rel=1e-12)
    assert len(rows) == len(holds)


@pytest.mark.parametrize("fill", FillModel)
@pytest.mark.parametrize("same_bar", [False, True])
def test_a_draw_earns_what_a_run_of_its_signals_earns(
    evaluator: Evaluator, fill: FillModel, *, same_bar: bool
) -> None:
    run = many_trades(evaluator, fill)
    holds = (run.trade_rows[:, T_EXIT] - run.trade_rows[:, T_ENTRY]).astype(np.int64)
    holds[3] = 0 if same_bar else holds[3]
    rows = run.trade_rows.copy()
    rows[:, T_EXIT] = rows[:, T_ENTRY] + holds
    drawn = replace(run, trade_rows=rows)
    draws = random_entry_returns(evaluator, drawn, np.random.default_rng(5))
    buys, sells = random_timings(holds, run.span, DRAWS, np.random.default_rng(5))
    for buy, sell, draw in zip(buys, sells, draws.tolist(), strict=True):
        metrics, _ = evaluator.run(timed_signals(buy, sell, run.span), run.span, 1000.0, fill)
        assert metrics.total_return_pct == draw


def test_a_run_that_held_throughout_can_only_be_held_throughout(evaluator: Evaluator) -> None:
    run = evaluator.evaluate("passive_hold", {}, Plan())[0]
    draws = random_entry_returns(evaluator, run, np.random.default_rng(3))
    assert set(draws.tolist()) == {draws[0]}
    assert draws[0] == pytest.approx(run.metrics.total_return_pct, rel=1e-12)


def test_round_trips_on_one_bar_are_drawn_as_well(evaluator: Evaluator) -> None:
    run = many_trades(evaluator)
    rows = run.trade_rows.copy()
    rows[3, T_EXIT] = rows[3, T_ENTRY]
    draws = random_entry_returns(evaluator, replace(run, trade_rows=rows), np.random.default_rng(4))
    assert draws.shape == (DRAWS,)
    assert np.all(np.isfinite(draws))


def test_one_that_trades_all_the_time_gets_fewer_draws() -> None:
    assert draws_for(1) == DRAWS
    assert draws_for(10**6) == LEAST_DRAWS
    assert LEAST_DRAWS < draws_for(400) < DRAWS


def test_equal_draws_count_half() -> None:
    assert percentile(2.0, np.array([1.0, 2.0, 2.0, 3.0])) == 0.5
