"""Overlays change signals, not systems: regime, risk cap, breaker."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.domain.overlays import Overlays, overlay_check, overlay_signals, overlays_split
from optimizer.domain.periods import window_parse
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG, Signals
from tests.oracles.paths import STEP_MS, path, schedule
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import BarArrays

ALL = window_parse("all")


def bars_of(close: list[float]) -> BarArrays:
    x = np.array(close)
    values = np.stack([x, x * 1.001, x * 0.999, x, np.ones_like(x)])
    times = STEP_MS * np.arange(len(close), dtype=np.int64)
    return BarArrays(times, np.ascontiguousarray(values), np.zeros(len(close), dtype=np.uint8))


def signals(*pairs: tuple[int, int]) -> Signals:
    at, side = zip(*pairs, strict=True)
    return Signals(np.array(at, dtype=np.int32), np.array(side, dtype=np.int8))


def overlaid(close: list[float], given: Signals, overlays: Overlays) -> list[tuple[int, int]]:
    evaluator = Evaluator(bars_of(close), step_ms=STEP_MS, costs=schedule())
    changed = overlay_signals(evaluator.market, evaluator.span(ALL), given, overlays, STEP_MS)
    return list(zip(changed.at.tolist(), changed.side.tolist(), strict=True))


def test_no_overlay_is_the_same_object() -> None:
    given = signals((1, BUY_FLAG))
    evaluator = Evaluator(bars_of([1.0, 2.0, 3.0]), step_ms=STEP_MS, costs=schedule())
    span = evaluator.span(ALL)
    assert overlay_signals(evaluator.market, span, given, Overlays(), STEP_MS) is given


def test_the_risk_cap_sells_at_the_first_close_that_far_below_the_entry() -> None:
    close = [100.0, 100.0, 97.0, 94.9, 96.0, 120.0, 90.0]
    given = signals((1, BUY_FLAG), (5, SELL_FLAG))
    found = overlaid(close, given, Overlays(risk_cap_pct=0.05))
    assert found == [(1, BUY_FLAG), (3, SELL_FLAG)]


def test_the_regime_refuses_buys_below_and_sells_when_it_turns() -> None:
    three_bars = 3 * STEP_MS / 86_400_000
    close = [5.0, 4.0, 3.0, 2.0, 6.0, 7.0, 6.5, 6.4, 1.0, 1.1]
    given = signals((1, BUY_FLAG), (2, SELL_FLAG), (5, BUY_FLAG))
    overlays = Overlays(regime_entry_days=three_bars, regime_exit_days=three_bars)
    assert overlaid(close, given, overlays) == [(5, BUY_FLAG), (8, SELL_FLAG)]


def test_overlays_travel_among_the_parameters() -> None:
    own, overlays = overlays_split({"n_sma": 50, "max_equity_drawdown_pct": 1.5})
    assert own == {"n_sma": 50}
    assert overlays.drawdown_cap == 0.99
    assert overlays.as_params() == {"max_equity_drawdown_pct": 1.5}
    assert overlays_split({"max_equity_drawdown_pct": -1})[1].drawdown_cap == 0.0
    with pytest.raises(BadInputError, match="risk_cap_pct was 2"):
        overlays_split({"risk_cap_pct": 2})


def test_the_breaker_ends_a_run_and_says_so() -> None:
    evaluator = Evaluator(path(4), step_ms=STEP_MS, costs=schedule())
    [free] = evaluator.evaluate("passive_hold", {}, Plan())
    [held] = evaluator.evaluate("passive_hold", {"max_equity_drawdown_pct": 0.05}, Plan())
    assert not free.metrics.is_tripped
    assert held.metrics.is_tripped
    assert held.trades()[0].exit_index < free.trades()[0].exit_index
    assert held.metrics.max_equity_drawdown_pct_observed <= -5.0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("max_equity_drawdown_pct", 20, "0 to 0.99 of peak, 0 for none; did you mean 0.2, 20 %?"),
        ("max_equity_drawdown_pct", -0.2, "0 to 0.99 of peak, 0 for none; did you mean 0.2?"),
        ("max_equity_drawdown_pct", -20, "0 for none; did you mean 0.2, 20 %?"),
        ("max_equity_drawdown_pct", 0.995, "0 for none; the nearest is 0.99"),
        ("max_equity_drawdown_pct", 1, "0 for none; the nearest is 0.99"),
        ("max_equity_drawdown_pct", 5_000, "0 for none; the nearest is 0.99"),
        ("risk_cap_pct", 5, "0 to 1 of entry close, 0 for none; did you mean 0.05, 5 %?"),
        ("risk_cap_pct", -0.05, "0 for none; did you mean 0.05?"),
        ("regime_entry_days", -3, "0 to 365 days, 0 for none; the nearest is 0"),
        ("regime_exit_days", 5, "it says nothing without regime_entry_days above 0: give both"),
    ],
)
def test_an_overlay_out_of_range_is_refused_with_the_nearest_right_value(
    name: str, value: float, says: str
) -> None:
    with pytest.raises(BadInputError) as refused:
        overlay_check(name, {name: value})
    assert str(refused.value).startswith(f"{name} was {value}; ")
    assert str(refused.value).endswith(says)


def test_what_is_in_range_is_an_overlay_and_the_rest_none() -> None:
    for value in (0, 0.2, 0.99):
        assert overlay_check("max_equity_drawdown_pct", {"max_equity_drawdown_pct": value})
    both = {"regime_entry_days": 3, "regime_exit_days": 5}
    assert overlay_check("regime_exit_days", both)
    assert not overlay_check("n_sma", {"n_sma": 5})
