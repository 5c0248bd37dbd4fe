"""Strategies are found by name, and a wrong name or parameter is answered with help."""

from __future__ import annotations

import pytest

from trading.base.domain.errors import BadInputError
from trading.signals.domain.strategies import STRATEGIES, strategy_get
from trading.signals.domain.strategies.systems import SYSTEMS
from trading.signals.domain.strategies.triggers import TRIGGERS


def test_every_strategy_is_registered_once_under_its_name() -> None:
    assert len(STRATEGIES) == len(TRIGGERS) + len(SYSTEMS)
    for name, strategy in STRATEGIES.items():
        assert strategy.name == name
        assert strategy_get(name) is strategy


def test_a_near_miss_is_answered_with_the_name_meant() -> None:
    with pytest.raises(BadInputError, match="did you mean 'breakout'"):
        strategy_get("brekout")


def test_a_name_without_resemblance_is_answered_with_the_list() -> None:
    with pytest.raises(BadInputError, match="known are breakout, csma_range_revert"):
        strategy_get("zzz")


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=lambda s: s.name)
def test_defaults_are_inside_their_own_ranges_and_documented(strategy) -> None:
    resolved = strategy.resolve({})
    assert set(resolved) == {param.name for param in strategy.params}
    assert all(param.unit for param in strategy.params)
    assert strategy.title
    assert strategy.summary.endswith(".")
    assert strategy.source


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"buffr": 1.0}, "has no parameter 'buffr'"),
        ({"buffer": 99.0}, "buffer was 99.0; expected 0.05 to 5"),
        ({"buffer": 99.0}, "the nearest is 5$"),
        ({"buffer": float("nan")}, "buffer was nan"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_range(given: dict[str, float], text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        strategy_get("breakout").resolve(given)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"trailing_drawdown_pct": 20}, r"0 to 1 of price; did you mean 0\.2, 20 %\?"),
        ({"trailing_drawdown_pct": -0.2}, r"did you mean 0\.2\?"),
        ({"trailing_drawdown_pct": -20}, r"did you mean 0\.2, 20 %\?"),
        ({"entry_days": -1}, "0 to 365 days; the nearest is 0"),
        ({"entry_days": float("inf")}, "0 to 365 days$"),
    ],
)
def test_the_nearest_right_value_is_said(given: dict[str, float], text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        strategy_get("donchian_champion").resolve(given)


def test_a_number_that_must_be_whole_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match="expected a whole number; the nearest is 577"):
        strategy_get("csma_revert").resolve({"n_sma": 576.5})
    with pytest.raises(BadInputError, match=r"the nearest is 1$"):
        strategy_get("csma_revert").resolve({"n_sma": 0.2})
