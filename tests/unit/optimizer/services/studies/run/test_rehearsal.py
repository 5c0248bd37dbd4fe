"""A search is rehearsed by a sampler of its own, so that the first batch finds all code loaded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from optimizer.adapters.samplers import sampler_make
from optimizer.domain.search.samplers import SAMPLERS, Result, Sampler, State
from optimizer.domain.search.space import Space
from optimizer.domain.systems import PUBLISHED, system_get
from optimizer.models import Study
from optimizer.services.studies.run.search import samplers_rehearse
from trading.market.domain.bars import FloatArray


class Noted:
    def __init__(self, sampler: Sampler) -> None:
        self.sampler, self.asked, self.told = sampler, 0, 0

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        self.asked += len(numbers)
        return self.sampler.ask(numbers, batch)

    def tell(self, results: Sequence[Result]) -> None:
        self.told += len(results)
        self.sampler.tell(results)

    def state(self) -> State:
        return self.sampler.state()

    def restore(self, state: State) -> None:
        raise AssertionError(state)


def study(sampler: str) -> Study:
    strategies, objectives = list(PUBLISHED[:2]), ["mar", "cps"]
    return Study(sampler=sampler, seed=3, strategies=strategies, objectives=objectives)


@pytest.mark.parametrize("name", SAMPLERS)
def test_one_sampler_proposes_and_learns_and_the_search_knows_nothing_of_it(name: str) -> None:
    made: list[Noted] = []

    def sampler_of(name: str, seed: int, space: Space, place: int) -> Sampler:
        made.append(Noted(sampler_make(name, seed, space, place)))
        return made[-1]

    samplers_rehearse(study(name), sampler_of)
    assert [(each.asked, each.told) for each in made] == [(64, 64)]


def test_what_is_proposed_after_a_rehearsal_is_what_would_have_been_without() -> None:
    strategy = system_get(PUBLISHED[0]).strategy

    def first(name: str) -> list[FloatArray]:
        return sampler_make(name, 3, Space.of(strategy.name, strategy.params), 0).ask(range(8), 0)

    for name in SAMPLERS:
        before = first(name)
        samplers_rehearse(study(name), sampler_make)
        np.testing.assert_array_equal(first(name), before)
