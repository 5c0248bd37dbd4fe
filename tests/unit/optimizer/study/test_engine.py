"""The engine: what it proposes depends on seed, batch and completed batches, on nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from optimizer.adapters.cmaes_sampler import CmaesSampler
from optimizer.domain.search.pruning import PruningFloors
from optimizer.domain.search.samplers import MOST, RandomSampler, Result
from optimizer.domain.search.space import Space
from optimizer.domain.study.engine import Batch, SearchEngine, StateUnreadableError
from optimizer.domain.study.records import TrialRecord, TrialStatus, params_dump
from optimizer.domain.study.schedule import Schedule
from optimizer.domain.study.suggestions import suggestion_params
from optimizer.domain.systems import SYSTEMS
from trading.base.domain.errors import InvariantError

NAMES = ("passive_hold", "donchian_champion", "csma_revert")


def engine(seed: int = 4) -> SearchEngine:
    strategies = [SYSTEMS[name].strategy for name in NAMES]
    return SearchEngine(
        schedule=Schedule(tuple(Space.of(s.name, s.params) for s in strategies), 100, 24),
        make=lambda space, place: CmaesSampler(dim=space.dim, seed=seed, place=place),
        pruning=PruningFloors(share=0.1, n_windows=2),
        n_objectives=1,
    )


def records(batch: Batch) -> list[TrialRecord]:
    found = []
    for item in batch.suggestions:
        score = -float(np.frombuffer(item.point).sum())
        is_ok = item.number % 5 != 0
        found.append(
            TrialRecord(
                number=item.number,
                strategy=item.strategy,
                params_json=params_dump(suggestion_params(item)),
                status=TrialStatus.OK if is_ok else TrialStatus.PRUNED,
                metrics=(),
                scores=np.array([score]).tobytes() if is_ok else b"",
                early=(score, score) if is_ok else (score,),
            )
        )
    return found


def text(batch: Batch) -> str:
    asked = [(s.number, s.strategy, suggestion_params(s)) for s in batch.suggestions]
    return repr(asked) + repr(batch.floors)


def run(is_killed: bool) -> list[str]:
    going, made = engine(), []
    while going.next_batch < going.schedule.n_batches or going.pending:
        while going.can_propose:
            made.append(text(going.propose()))
        going.absorb(records(going.pending[0]))
        while going.can_propose:
            made.append(text(going.propose()))
        if is_killed:
            state = json.loads(json.dumps(going.state(), allow_nan=False))
            going = engine()
            going.restore(state)
    return made


def test_a_search_killed_after_every_batch_proposes_what_the_uninterrupted_one_does() -> None:
    assert run(is_killed=True) == run(is_killed=False)


def test_a_search_is_reached_again_by_replaying_its_records() -> None:
    first, stored = engine(), []
    for _ in range(3):
        while first.can_propose:
            first.propose()
        stored.append(records(first.pending[0]))
        first.absorb(stored[-1])
    again = engine()
    for batch in stored:
        while again.can_propose:
            again.propose()
        again.absorb(batch)
    assert text(first.propose()) == text(again.propose())


def broken_states() -> dict[str, dict[str, Any]]:
    """Return what cannot be the state of the engine after its first batch."""
    made = engine()
    made.propose()
    made.absorb(records(made.pending[0]))
    made.propose()
    state = made.state()
    without = {name: part for name, part in state.items() if name != "samplers"}
    cut = state["samplers"] | {"csma_revert": {"restarts": 0}}
    return {
        "empty": {},
        "of other parts": without,
        "of a sampler cut off": state | {"samplers": cut},
        "with words for numbers": state | {"absorbed": "one"},
        "with null for pending": state | {"pending": None},
        "with a list of floors": state | {"pruning": {"csma_revert": [["low"]]}},
    }


@pytest.mark.parametrize("name", list(broken_states()))
def test_a_state_that_cannot_be_read_changes_nothing(name: str) -> None:
    going, untouched = engine(), engine()
    with pytest.raises(StateUnreadableError):
        going.restore(broken_states()[name])
    assert going.absorbed == 0
    for _ in range(2):
        for each in (going, untouched):
            each.propose()
        assert text(going.pending[-1]) == text(untouched.pending[-1])
    for each in (going, untouched):
        each.absorb(records(each.pending[0]))
    assert text(going.propose()) == text(untouched.propose())


def test_records_another_search_made_are_refused() -> None:
    going, other = engine(), engine(seed=5)
    going.propose()
    with pytest.raises(InvariantError, match="is not what the search proposes"):
        going.absorb(records(other.propose()))


class Told(RandomSampler):
    """Remembers the scores it was told."""

    scores: list[Sequence[float]]

    def tell(self, results: Sequence[Result]) -> None:
        self.scores += [result.scores for result in results]


def test_samplers_are_told_scores_that_are_finite_or_the_worst() -> None:
    space = Space.of("csma_revert", SYSTEMS["csma_revert"].strategy.params)
    sampler = Told(dim=space.dim, seed=1, place=0)
    sampler.scores = []
    asking = SearchEngine(
        schedule=Schedule((space,), 4, 4),
        make=lambda _space, _place: sampler,
        pruning=PruningFloors(share=0.1, n_windows=1),
        n_objectives=2,
    )
    first, second, third, fourth = records(asking.propose())
    asking.absorb(
        [
            first,
            second._replace(scores=np.array([2.0, np.nan]).tobytes()),
            third._replace(scores=np.array([np.inf, 3.0]).tobytes()),
            fourth._replace(status=TrialStatus.FAILED, scores=b"", early=()),
        ]
    )
    worst = -np.inf
    assert sampler.scores == [[worst, worst], [2.0, worst], [MOST, 3.0], [worst, worst]]


def test_a_strategy_without_parameters_has_one_trial() -> None:
    schedule = engine().schedule
    names = [schedule.space(number).strategy for number in range(schedule.total)]
    assert names.count("passive_hold") == 1
    assert abs(names.count("donchian_champion") - names.count("csma_revert")) <= 1
