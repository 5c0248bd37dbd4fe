"""Every risk gate, alone and together."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from trading.base.domain.reasons import Gate, Outcome, TradingState
from trading.desk.domain.policy import RiskPolicy
from trading.desk.domain.risk.checks import RiskContext, entry_gates, exit_gates, first_failure

POLICY = RiskPolicy()
CLEAR = RiskContext(
    trading_state=TradingState.ACTIVE,
    n_open_positions=0,
    exposure=0.0,
    session_equity=10_000.0,
    bot_equity=1000.0,
    bot_peak_equity=1000.0,
    bot_day_equity=1000.0,
    bars_since_loss_streak=10**9,
    cash=1000.0,
    notional=300.0,
    min_notional=5.0,
    bar_age_s=0.0,
    bar_age_limit_s=300.0,
)
RISK_GATES = [
    Gate.TRADING_STATE, Gate.POSITIONS, Gate.EXPOSURE, Gate.DAILY_LOSS, Gate.DRAWDOWN,
    Gate.LOSS_STREAK, Gate.MIN_NOTIONAL, Gate.CASH, Gate.FRESHNESS,
]  # fmt: skip


def failed(**changes: object) -> list[Gate]:
    return [r.gate for r in entry_gates(replace(CLEAR, **changes), POLICY) if not r.is_passed]


def test_a_clear_entry_passes_every_gate() -> None:
    results = entry_gates(CLEAR, POLICY)
    assert [r.gate for r in results] == RISK_GATES
    assert first_failure(results) is None


@pytest.mark.parametrize(
    ("changes", "gate", "outcome"),
    [
        ({"trading_state": TradingState.PAUSED}, Gate.TRADING_STATE, Outcome.DESK_PAUSED),
        ({"trading_state": TradingState.REDUCING}, Gate.TRADING_STATE, Outcome.DESK_REDUCING),
        ({"trading_state": TradingState.HALTED}, Gate.TRADING_STATE, Outcome.DESK_HALTED),
        ({"n_open_positions": 6}, Gate.POSITIONS, Outcome.MAX_POSITIONS),
        ({"exposure": 7700.01}, Gate.EXPOSURE, Outcome.EXPOSURE_LIMIT),
        ({"bot_equity": 970.0}, Gate.DAILY_LOSS, Outcome.DAILY_LOSS_LIMIT),
        ({"bot_peak_equity": 1333.34}, Gate.DRAWDOWN, Outcome.DRAWDOWN_LIMIT),
        ({"bars_since_loss_streak": 47}, Gate.LOSS_STREAK, Outcome.LOSS_STREAK_COOLDOWN),
        ({"min_notional": 300.01}, Gate.MIN_NOTIONAL, Outcome.BELOW_MIN_NOTIONAL),
        ({"cash": 299.99}, Gate.CASH, Outcome.INSUFFICIENT_CASH),
        ({"bar_age_s": 300.1}, Gate.FRESHNESS, Outcome.STALE_DATA),
    ],
)
def test_each_limit_refuses_alone(changes: dict[str, object], gate: Gate, outcome: Outcome) -> None:
    results = entry_gates(replace(CLEAR, **changes), POLICY)
    failure = first_failure(results)
    assert failure is not None
    assert (failure.gate, failure.outcome) == (gate, outcome)
    assert failed(**changes) == [gate]


@pytest.mark.parametrize(
    "changes",
    [
        {"n_open_positions": 5},
        {"exposure": 7700.0},
        {"bot_equity": 970.01},
        {"bars_since_loss_streak": 48},
        {"min_notional": 300.0},
        {"cash": 300.0},
        {"bar_age_s": 300.0},
        {"bot_equity": 1200.0},  # a gain is no loss
    ],
)
def test_the_last_value_within_a_limit_passes(changes: dict[str, object]) -> None:
    assert failed(**changes) == []


@pytest.mark.parametrize("missing", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("field", "gates"),
    [
        ("exposure", {Gate.EXPOSURE}),
        ("session_equity", {Gate.EXPOSURE}),
        ("bot_peak_equity", {Gate.DRAWDOWN}),
        ("bot_day_equity", {Gate.DAILY_LOSS}),
        ("cash", {Gate.CASH}),
        ("notional", {Gate.MIN_NOTIONAL, Gate.EXPOSURE}),
        ("bar_age_s", {Gate.FRESHNESS}),
    ],
)
def test_a_figure_that_is_missing_fails_its_gate(
    field: str, gates: set[Gate], missing: float
) -> None:
    assert gates <= set(failed(**{field: missing}))


def test_a_bot_whose_equity_is_unknown_is_refused_twice() -> None:
    assert failed(bot_equity=math.nan) == [Gate.DAILY_LOSS, Gate.DRAWDOWN]


def test_an_unknown_age_is_stale() -> None:
    assert failed(bar_age_s=None) == [Gate.FRESHNESS]


def test_no_notional_is_no_order_even_where_nothing_is_asked() -> None:
    assert Gate.MIN_NOTIONAL in failed(notional=0.0, min_notional=0.0)


def test_all_gates_are_read_though_the_first_fails() -> None:
    worst = replace(
        CLEAR,
        trading_state=TradingState.HALTED,
        n_open_positions=99,
        exposure=1e9,
        bot_equity=1.0,
        bars_since_loss_streak=0,
        cash=0.0,
        notional=1.0,
        bar_age_s=1e9,
    )
    results = entry_gates(worst, POLICY)
    assert [r.gate for r in results if not r.is_passed] == RISK_GATES
    assert first_failure(results) is results[0]


def test_results_say_what_was_seen_and_what_was_wanted() -> None:
    by_gate = {r.gate: r for r in entry_gates(replace(CLEAR, bot_equity=800.0), POLICY)}
    assert by_gate[Gate.DAILY_LOSS][1:3] == (20.0, 3.0)
    assert by_gate[Gate.EXPOSURE][1:3] == (3.0, 80.0)
    assert by_gate[Gate.CASH][1:3] == (1000.0, 300.0)


@pytest.mark.parametrize(
    ("state", "flatten", "is_passed"),
    [
        (TradingState.ACTIVE, False, True),
        (TradingState.PAUSED, False, True),
        (TradingState.REDUCING, False, True),
        (TradingState.HALTED, False, False),
        (TradingState.HALTED, True, True),
    ],
)
def test_exits_are_refused_only_when_halted_without_flatten(
    state: TradingState, flatten: bool, is_passed: bool
) -> None:
    (result,) = exit_gates(state, flatten=flatten)
    assert (result.gate, result.is_passed) == (Gate.TRADING_STATE, is_passed)
    assert (result.observed <= result.limit) is is_passed
