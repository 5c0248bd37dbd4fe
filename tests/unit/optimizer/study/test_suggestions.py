"""Suggestions: what travels stands for the same parameters on every side."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.domain.search.space import Space
from optimizer.domain.study.schedule import Schedule, turns
from optimizer.domain.study.suggestions import Suggestion, default_suggest, suggestion_params
from optimizer.domain.systems import SYSTEMS
from trading.base.domain.errors import BadInputError


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_a_point_stands_for_parameters_inside_their_ranges(name: str) -> None:
    params = SYSTEMS[name].strategy.params
    point = np.random.default_rng(3).random(len(params))
    found = suggestion_params(Suggestion(40, name, point.tobytes()))
    assert found == Space.of(name, params).params(point)
    for param in params:
        assert param.low <= found[param.name] <= param.high
        assert isinstance(found[param.name], int if param.kind == "int" else float)


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_the_first_trial_of_a_strategy_tries_its_defaults_to_the_last_bit(name: str) -> None:
    strategy = SYSTEMS[name].strategy
    first = default_suggest(0, name)
    assert suggestion_params(first) == {param.name: param.default for param in strategy.params}
    point = np.frombuffer(first.point)
    assert point.shape == (len(strategy.params),)
    assert np.all((point >= 0.0) & (point <= 1.0))


def test_an_unknown_strategy_is_named() -> None:
    with pytest.raises(BadInputError, match="strategy was 'no_such'"):
        suggestion_params(Suggestion(0, "no_such", b""))


@pytest.mark.parametrize("n_trials", [1, 5, 40, 100])
def test_turns_share_every_number_of_a_batch_between_the_strategies(n_trials: int) -> None:
    names = ("passive_hold", "donchian_champion", "csma_revert", "trailing_hold")
    spaces = tuple(Space.of(name, SYSTEMS[name].strategy.params) for name in names)
    schedule = Schedule(spaces, n_trials, 7)
    for batch in range(schedule.n_batches):
        shared = turns(schedule, batch)
        given = {number: space for space, numbers in shared for number in numbers}
        asked = [number for number in schedule.numbers(batch) if not schedule.is_default(number)]
        assert sorted(given) == asked
        assert sum(len(numbers) for _, numbers in shared) == len(asked)
        assert all(schedule.space(number) == space for number, space in given.items())
