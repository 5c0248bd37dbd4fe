"""Run the search without knowing who evaluates: propose batches, absorb results, in strict order.

The engine is deterministic. What it proposes for batch b is a function of the seed, of b, and of
the records of batches 0 to b - LAG, whatever happened in between: who evaluated, how fast, how
often the process was killed. Its state between two steps is plain JSON; the same state is reached
by replaying stored records, which is how a study without a usable snapshot resumes.

Source: optimizer issue, "Trial store and resume".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from optimizer.domain.search.pruning import PruningFloors
from optimizer.domain.search.samplers import MOST, Result, Sampler, State
from optimizer.domain.search.space import Space
from optimizer.domain.study.records import TrialRecord, TrialStatus, params_dump
from optimizer.domain.study.schedule import LAG, Schedule, turns
from optimizer.domain.study.suggestions import Suggestion, default_suggest, suggestion_params
from trading.base.domain.errors import InvariantError, TradingError

SamplerMaker = Callable[[Space, int], Sampler]  # (space, place of the strategy) -> its sampler
Floors = tuple[float, ...]


class StateUnreadableError(TradingError):
    """What should be the state of a search is none; stored records lead to the same."""

    code = "state_unreadable"


class Batch(NamedTuple):
    """What to evaluate: suggestions in the order of their numbers, floors by strategy."""

    number: int
    suggestions: tuple[Suggestion, ...]
    floors: Mapping[str, Floors]


class SearchEngine:
    """Propose and absorb batches of one study."""

    def __init__(
        self,
        *,
        schedule: Schedule,
        make: SamplerMaker,
        pruning: PruningFloors,
        n_objectives: int,
    ) -> None:
        """Start at the first batch.

        Args:
            schedule: the order of work.
            make: builds the sampler of one strategy.
            pruning: fresh floors.
            n_objectives: how many scores a complete trial has.
        """
        self.schedule = schedule
        self._pruning = pruning
        self._n_objectives = n_objectives
        self._make = make
        self._samplers = self._fresh_samplers()
        self.absorbed = 0  # batches whose records are known
        self.pending: list[Batch] = []  # proposed, not yet absorbed, oldest first

    def _fresh_samplers(self) -> dict[str, Sampler]:
        return {
            space.strategy: self._make(space, place)
            for place, space in enumerate(self.schedule.spaces)
            if space.dim
        }

    @property
    def next_batch(self) -> int:
        """Return the batch to be proposed next."""
        return self.absorbed + len(self.pending)

    @property
    def can_propose(self) -> bool:
        """Return whether the next batch may be proposed now."""
        return len(self.pending) < LAG and self.next_batch < self.schedule.n_batches

    def propose(self) -> Batch:
        """Return the next batch and remember it until its records come.

        Raises:
            InvariantError: it is not time for it.
        """
        if not self.can_propose:
            raise InvariantError(f"batch {self.next_batch} cannot be proposed yet")
        batch = self.next_batch
        found = [
            default_suggest(number, self.schedule.space(number).strategy)
            for number in self.schedule.numbers(batch)
            if self.schedule.is_default(number)
        ]
        for space, numbers in turns(self.schedule, batch):
            name = space.strategy
            points = self._samplers[name].ask(numbers, batch)
            found += [
                Suggestion(number, name, point.tobytes())
                for number, point in zip(numbers, points, strict=True)
            ]
        found.sort(key=itemgetter(0))
        floors = {name: self._pruning.floors(name) for name in sorted({s.strategy for s in found})}
        proposed = Batch(batch, tuple(found), floors)
        self.pending.append(proposed)
        return proposed

    def absorb(self, records: Sequence[TrialRecord], *, is_answer: bool = False) -> None:
        """Take the records of the oldest proposed batch, in the order of their numbers.

        Args:
            records: of that batch.
            is_answer: they answer this very proposal; of stored ones the parameters are compared.

        Raises:
            InvariantError: they are not the records of that batch.
        """
        batch = self.pending[0]
        told: dict[str, list[Result]] = {}
        scores = self._scores(records)
        for suggestion, record, values in zip(batch.suggestions, records, scores, strict=True):
            if not _is_proposed(suggestion, record, is_answer):
                raise InvariantError(
                    f"trial {record.number} ({record.strategy} {record.params_json}) is not what "
                    f"the search proposes ({suggestion.strategy} {suggestion_params(suggestion)}); "
                    "another version of the search made it, so this one cannot go on"
                )
            self._pruning.add(record.strategy, record.early)
            result = Result(record.number, np.frombuffer(suggestion.point), values)
            told.setdefault(record.strategy, []).append(result)
        for strategy, results in told.items():
            if strategy in self._samplers:
                self._samplers[strategy].tell(results)
        del self.pending[0]
        self.absorbed += 1

    def _scores(self, records: Sequence[TrialRecord]) -> list[list[float]]:
        # of all objectives, record by record; the worst there is where a score is not one, and
        # the best that samplers can tell apart where it has no bound
        scores = np.full((len(records), self._n_objectives), -math.inf)
        is_ok = [record.status is TrialStatus.OK for record in records]
        packed = b"".join([record.scores for record in records])
        scores[is_ok] = np.frombuffer(packed).reshape(-1, self._n_objectives)
        scores[np.isnan(scores)] = -math.inf
        np.minimum(scores, MOST, out=scores)
        values: list[list[float]] = scores.tolist()
        return values

    def state(self) -> State:
        """Return the state as plain JSON values; call it when nothing more can be proposed."""
        return {
            "absorbed": self.absorbed,
            "pending": [_batch_state(batch) for batch in self.pending],
            "samplers": {name: sampler.state() for name, sampler in self._samplers.items()},
            "pruning": self._pruning.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from the state of another engine of the same study.

        Raises:
            StateUnreadableError: it cannot be read; the engine is as it was.
        """
        samplers = self._fresh_samplers()
        try:
            absorbed = int(state["absorbed"])
            pending = [_batch_restore(batch) for batch in state["pending"]]
            for name, sampler in samplers.items():
                sampler.restore(state["samplers"][name])
            self._pruning.restore(state["pruning"])
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise StateUnreadableError(f"no state of this search: {error!r}") from error
        self.absorbed, self.pending, self._samplers = absorbed, pending, samplers


def _is_proposed(suggestion: Suggestion, record: TrialRecord, is_answer: bool) -> bool:
    if (suggestion.number, suggestion.strategy) != (record.number, record.strategy):
        return False
    return is_answer or params_dump(suggestion_params(suggestion)) == record.params_json


def _batch_state(batch: Batch) -> dict[str, Any]:
    return {
        "number": batch.number,
        "suggestions": [
            [s.number, s.strategy, np.frombuffer(s.point).tolist(), s.is_default]
            for s in batch.suggestions
        ],
        "floors": {
            name: [floor if math.isfinite(floor) else None for floor in floors]
            for name, floors in batch.floors.items()
        },
    }


def _batch_restore(state: Mapping[str, Any]) -> Batch:
    return Batch(
        int(state["number"]),
        tuple(
            Suggestion(number, strategy, np.array(point, dtype=np.float64).tobytes(), is_default)
            for number, strategy, point, is_default in state["suggestions"]
        ),
        {
            name: tuple(-math.inf if floor is None else floor for floor in floors)
            for name, floors in state["floors"].items()
        },
    )
