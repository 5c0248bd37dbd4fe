"""The evaluator equals a slow second writing of the specification, for every system and engine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator, FillModel, Plan
from optimizer.domain.periods import window_parse
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG, Signals
from optimizer.domain.systems import SYSTEMS
from tests.oracles import account
from tests.oracles.paths import RUNGS, STEP_MS, draw, path, schedule
from tests.oracles.signals import SIGNALS
from trading.market.domain.bars import VOLUME

ENGINES = {
    FillModel.NEXT_OPEN: account.run_next_open,
    FillModel.NEXT_CLOSE: account.run_next_close,
}
PATHS = {
    "plain": {},
    "ticks": {"tick": 0.00005},
    "coarse ticks": {"tick": 0.0004},
    "wick": {"wick": True},
}
DRAWS = 12


def make(bars) -> Evaluator:
    return Evaluator(bars, step_ms=STEP_MS, costs=schedule())


def columns(bars, start=0):
    return [row[start:].tolist() for row in bars.values]


def flags(signals: Signals, start: int) -> tuple[set[int], set[int]]:
    pairs = list(zip((signals.at - start).tolist(), signals.side.tolist(), strict=True))
    return {t for t, s in pairs if s & BUY_FLAG}, {t for t, s in pairs if s & SELL_FLAG}


def assert_same(found: dict, expected: dict) -> None:
    for name, value in expected.items():
        got = found[name]
        if math.isinf(value):
            assert got == value, name
        else:
            assert got == pytest.approx(value, rel=1e-8, abs=1e-9), name


def as_floats(metrics) -> dict[str, float]:
    return {name: getattr(metrics, name) for name in metrics.as_dict()}


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_scans_find_the_signals_of_the_specification(name: str, kind: str) -> None:
    rng = np.random.default_rng(len(name) * 1000 + len(kind))
    system, total = SYSTEMS[name], 0
    for seed in range(DRAWS):
        bars = path(seed, **PATHS[kind])
        evaluator = make(bars)
        params = draw(system.strategy, rng)
        for label in ("all", "2d"):
            span = evaluator.span(window_parse(label))
            found = flags(evaluator.signals(system, params, span), span.start)
            expected = SIGNALS[name](params, *columns(bars, span.start))
            assert found == expected, (seed, label, params)
            total += len(expected[0]) + len(expected[1])
    assert total >= DRAWS  # a draw that never trades proves nothing


@pytest.mark.parametrize("fill", FillModel)
@pytest.mark.parametrize("name", SYSTEMS)
def test_runs_equal_the_bar_by_bar_engine(name: str, fill: FillModel) -> None:
    rng = np.random.default_rng(len(name) + 77 * (fill is FillModel.NEXT_OPEN))
    system = SYSTEMS[name]
    for seed in range(6):
        bars = path(seed + 100)
        evaluator = make(bars)
        params, size = draw(system.strategy, rng), float(rng.uniform(200, 9000))
        cap = float(rng.choice([0.0, 0.05, 0.2]))
        plan = Plan((window_parse("3d"),), (size,), fill)
        [run] = evaluator.evaluate(system, {**params, "max_equity_drawdown_pct": cap}, plan)
        o, h, low, c, v = columns(bars, run.span.start)
        buys, sells = SIGNALS[name](params, o, h, low, c, v)
        book, curve, tripped, seen = ENGINES[fill](o, c, buys, sells, size, RUNGS, cap)
        times = bars.open_time[run.span.start :].tolist()
        expected = account.metrics(book, curve, size, times, c, fill is FillModel.NEXT_OPEN)
        assert_same(as_floats(run.metrics), expected)
        assert run.metrics.is_tripped == tripped
        assert run.metrics.max_equity_drawdown_pct_observed == pytest.approx(seen * 100, abs=1e-9)
        assert [
            (t.entry_index, t.exit_index, t.entry_price, t.exit_price) for t in run.trades()
        ] == book.trades
        assert evaluator.curve(run) == pytest.approx(curve, rel=1e-12)


def random_signals(rng: np.random.Generator, start: int, stop: int) -> Signals:
    density = rng.choice([0.02, 0.2, 0.9])
    at = start + np.flatnonzero(rng.random(stop - start) < density)
    side = rng.choice([1, 2, 3], at.shape[0], p=[0.4, 0.4, 0.2])
    return Signals(at.astype(np.int32), side.astype(np.int8))


@pytest.mark.parametrize("fill", FillModel)
@pytest.mark.parametrize("seed", range(40))
def test_any_signals_even_both_on_one_bar_give_the_same_books(seed: int, fill: FillModel) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.choice([2, 3, 40, 400]))
    bars = path(seed, n, tick=float(rng.choice([0.0, 0.0002])))
    evaluator = make(bars)
    span = evaluator.span(window_parse("all"))
    signals = random_signals(rng, 0, n)
    # Small sizes reach the case where the gas eats all the cash.
    size = float(rng.choice([0.12, 0.3, 50.0, 3000.0]))
    cap = float(rng.choice([0.0, 0.03, 0.3, 0.99]))
    metrics, rows = evaluator.run(signals, span, size, fill, cap)
    o, _, _, c, _ = columns(bars)
    buys, sells = flags(signals, 0)
    book, curve, tripped, seen = ENGINES[fill](o, c, buys, sells, size, RUNGS, cap)
    is_next_open = fill is FillModel.NEXT_OPEN
    expected = account.metrics(book, curve, size, bars.open_time.tolist(), c, is_next_open)
    found = as_floats(metrics)
    if not np.isfinite(expected["cagr_pct"]) or expected["cagr_pct"] > 1e12:
        assert found.pop("cagr_pct") > 1e9
        del expected["cagr_pct"]
    assert_same(found, expected)
    assert (metrics.is_tripped, rows.shape[0]) == (tripped, len(book.trades))
    assert metrics.max_equity_drawdown_pct_observed == pytest.approx(seen * 100, abs=1e-9)


def test_warm_up_bars_only_move_where_the_indicators_begin() -> None:
    bars = path(5)
    evaluator = make(bars)
    span = evaluator.span(window_parse("2d"))
    system = SYSTEMS["csma_revert"]
    params = system.strategy.resolve({"n_sma": 60, "entry_drop": 0.01, "rsi_max": 60})
    cold = evaluator.signals(system, params, span)
    warm = evaluator.signals(system, params, span, warm_up_bars=200)
    start = span.start - 200
    expected = SIGNALS["csma_revert"](params, *columns(bars, start))
    kept = [{t - 200 for t in side if t >= 200} for side in expected]
    assert flags(warm, span.start) == tuple(kept)
    assert flags(warm, span.start) != flags(cold, span.start)


def test_windows_and_sizes_of_one_pass_equal_single_runs() -> None:
    evaluator = make(path(8))
    windows = tuple(window_parse(label) for label in ("1d", "3d", "all"))
    plan = Plan(windows, (500.0, 4000.0))
    params = {"entry_days": 0.2, "exit_days": 0.1, "ema_exit_days": 0.2}
    runs = evaluator.evaluate("donchian_champion", params, plan)
    assert [(r.window.label, r.metrics.initial_balance) for r in runs] == [
        (label, size) for label in ("1d", "3d", "all") for size in (500.0, 4000.0)
    ]
    for run in runs:
        one = Plan((run.window,), (run.metrics.initial_balance,))
        [again] = make(path(8)).evaluate("donchian_champion", params, one)
        assert again.metrics == run.metrics


def test_a_volume_is_never_below_the_mean_of_itself_alone() -> None:
    bars = path(4, 3000)
    bars.values[VOLUME] = 10.0 ** np.random.default_rng(2).uniform(-6.0, 9.0, 3000)
    evaluator, ultra = make(bars), SYSTEMS["multi_week_breakout_ultra"]
    short = dict.fromkeys(("lookback_breakout", "confirmation_window", "exit_lookback"), 1)
    params = short | {"min_hold_bars": 0, "volume_window": 1, "trail_drawdown_pct": 0.5}
    span = evaluator.span(window_parse("all"))
    any_volume, own_mean = (
        flags(
            evaluator.signals(
                ultra, ultra.strategy.resolve(params | {"volume_multiplier": m}), span
            ),
            0,
        )
        for m in (0.0, 1.0)
    )
    assert own_mean == any_volume
    assert len(any_volume[0]) > 100
