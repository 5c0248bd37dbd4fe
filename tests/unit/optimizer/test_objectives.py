"""Objectives give the numbers of their formulas, also at the edges the formulas step at."""

from __future__ import annotations

import math

import pytest

from optimizer.domain.objectives import (
    OBJECTIVES,
    Facts,
    cps,
    mar,
    objective_scores,
    objectives_parse,
    profit_biased,
    return_dd_ratio,
    return_per_drawdown,
    utility,
)
from trading.base.domain.errors import BadInputError

QUIET = Facts(
    balance=1000.0,
    gain=0.0,
    gain_pct=0.0,
    hold_gain=0.0,
    drawdown=0.0,
    drawdown_pct=0.0,
    sharpe=0.0,
    sortino=0.0,
    cagr=0.0,
    trades=0,
    win_rate=0.0,
    days=30.0,
)


def facts(**changes: float) -> Facts:
    given = QUIET._replace(**changes)
    return given._replace(gain_pct=given.gain * 100, drawdown_pct=given.drawdown * 100)


def test_profit_biased_of_nothing_at_all_is_the_sum_of_its_middle_values() -> None:
    expected = 0.6 * 0.5 + 0.25 * (1 - 1 / (1 + math.exp(2))) + 0.12 * 0.5
    assert profit_biased(QUIET) == pytest.approx(expected)


def test_profit_biased_halves_beyond_sixty_percent_drawdown() -> None:
    just, over = facts(drawdown=0.60, trades=25), facts(drawdown=0.600001, trades=25)
    assert profit_biased(over) == pytest.approx(profit_biased(just) / 2, rel=1e-4)


def test_extreme_facts_do_not_overflow() -> None:
    wild = facts(gain=1e7, hold_gain=-0.9, sharpe=-1e5, trades=10_000)
    assert all(math.isfinite(formula(wild)) for formula in OBJECTIVES.values())


def test_utility_trusts_few_trades_less() -> None:
    few, many = facts(gain=1.0, drawdown=0.2, trades=4), facts(gain=1.0, drawdown=0.2, trades=400)
    assert utility(few) == pytest.approx(1 / (1 + 2 * 0.2**1.25) * math.sqrt(4 / 9))
    assert utility(few) < utility(many)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # profit 40, capital 100, risk 0, activity 0, trend 50; then the cap without trades
        ({}, 42.0),
        # still market, +0.5 %: 61; capital 80; risk 40 * 0.5; activity 70 (1 a month)
        ({"gain": 0.005, "drawdown": 0.07, "sharpe": 0.5, "trades": 1}, 57.8),
        # beats the market 1.5 times: 100; capital 0; risk 100; activity 90 (60 a month, 55 % won)
        (
            {"gain": 0.3, "hold_gain": 0.2, "drawdown": 0.5, "sharpe": 2.1, "trades": 60}
            | {"win_rate": 0.55},
            68.5,
        ),
        # loses less than 1.5 times a falling market: the published weakness scores 100
        ({"gain": -0.3, "hold_gain": -0.25, "drawdown": 0.3, "trades": 5}, 44.5),
        # loses in a rising market: 50 - 20; risk from sortino 1.3 * 0.8 > 1; 45 trades a month
        (
            {"gain": -0.2, "hold_gain": 0.1, "drawdown": 0.12, "sortino": 1.3, "trades": 45},
            42.88,
        ),
    ],
)
def test_cps_adds_its_five_parts(changes: dict[str, float], expected: float) -> None:
    assert cps(facts(**changes)) == pytest.approx(expected, abs=0.005)


def test_mar_is_cagr_over_depth_and_stays_finite_without_one() -> None:
    assert mar(facts(cagr=0.5, drawdown=0.25)) == pytest.approx(2.0)
    assert mar(facts(cagr=0.5)) == pytest.approx(0.5e9)
    assert mar(QUIET) == 0.0


def test_return_dd_ratio_needs_five_percent_and_two_trades() -> None:
    assert return_dd_ratio(facts(gain=0.049, drawdown=0.1, trades=50)) == 0.0
    assert return_dd_ratio(facts(gain=0.5, drawdown=0.1, trades=1)) == 0.0
    assert return_dd_ratio(facts(gain=0.5, drawdown=0.1, trades=50)) == pytest.approx(5.0)
    assert return_dd_ratio(facts(gain=0.5, drawdown=0.001, trades=80)) == pytest.approx(50.0)


def test_return_per_drawdown_is_plain() -> None:
    assert return_per_drawdown(facts(gain=0.2, drawdown=0.19)) == pytest.approx(1.0)


def test_the_three_identical_objectives_are_one_function() -> None:
    same = {OBJECTIVES[name] for name in ("profit_biased", "cps_v2", "cps_v2_profit_biased")}
    assert same == {profit_biased}


def test_names_are_checked() -> None:
    assert objectives_parse(["all"]) == tuple(OBJECTIVES)
    assert objectives_parse(["mar", "mar", "cps"]) == ("mar", "cps")
    with pytest.raises(BadInputError, match="objective was 'sharp'"):
        objectives_parse(["sharp"])
    with pytest.raises(BadInputError, match="no objective"):
        objectives_parse([])


def test_an_unknown_objective_never_scores_silently() -> None:
    with pytest.raises(KeyError):
        objective_scores(None, ["fortune"])  # type: ignore[arg-type]
