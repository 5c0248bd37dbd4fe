"""Batches are cut so that workers are equally busy and keep what they prepared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.study.engine import Batch
from optimizer.domain.study.records import TrialRecord, TrialStatus
from optimizer.domain.study.suggestions import Suggestion
from optimizer.ports.sweeps import Answer, Chunk
from optimizer.services.studies.run.chunks import Answers, Cutter

NAMES = ("ant", "bee", "cat", "dog")


@dataclass
class Pool:
    n_workers: int = 2
    per_worker: int = 2


def batch(number: int, n_trials: int) -> Batch:
    first = number * n_trials
    work = [Suggestion(k, NAMES[k % len(NAMES)], b"") for k in range(first, first + n_trials)]
    return Batch(number, tuple(work), {name: (float(len(name)),) for name in NAMES})


def record(number: int, strategy: str, elapsed_us: int = 0) -> TrialRecord:
    return TrialRecord(number, strategy, "{}", TrialStatus.OK, (), b"", (), elapsed_us=elapsed_us)


def lanes(chunks: Iterable[Chunk]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for chunk in chunks:
        for item in chunk.work:
            found.setdefault(item.strategy, set()).add(chunk.lane)
    return found


@given(
    n_trials=st.integers(1, 60),
    n_workers=st.integers(1, 20),
    per_worker=st.integers(1, 4),
    lasted=st.lists(st.integers(0, 10**6), max_size=4),
)
def test_every_trial_is_in_one_chunk_that_has_its_floors(
    n_trials: int, n_workers: int, per_worker: int, lasted: list[int]
) -> None:
    cutter = Cutter(Pool(n_workers, per_worker))
    cutter.learn(record(0, name, us) for name, us in zip(NAMES, lasted, strict=False))
    asked = batch(3, n_trials)
    chunks = cutter.cut(asked)
    assert sorted(item.number for chunk in chunks for item in chunk.work) == [
        item.number for item in asked.suggestions
    ]
    assert len(chunks) <= n_workers * per_worker
    assert len({chunk.place for chunk in chunks}) == len(chunks)
    for chunk in chunks:
        assert chunk.batch == 3
        assert 0 <= chunk.lane < n_workers
        assert set(chunk.floors) == {item.strategy for item in chunk.work}


def test_a_strategy_stays_with_a_worker() -> None:
    cutter = Cutter(Pool())
    for number in range(3):
        found = lanes(cutter.cut(batch(number, 40)))
        assert found == {"ant": {0}, "bee": {0}, "cat": {1}, "dog": {1}}
        cutter.learn(record(k, name, 500) for k, name in enumerate(NAMES))


def test_a_dear_strategy_is_shared_and_leaves_the_others_together() -> None:
    cutter = Cutter(Pool())
    cutter.learn(record(k, name, 9000 if name == "dog" else 1000) for k, name in enumerate(NAMES))
    chunks = cutter.cut(batch(0, 40))
    time = dict.fromkeys(range(2), 0)
    for chunk in chunks:
        time[chunk.lane] += sum(9000 if item.strategy == "dog" else 1000 for item in chunk.work)
    assert time[0] == pytest.approx(time[1], rel=0.1)
    assert lanes(chunks) == {"ant": {0}, "bee": {0}, "cat": {0}, "dog": {0, 1}}


def test_answers_come_in_the_order_of_the_trials_once_all_are_there() -> None:
    asked = batch(1, 12)
    chunks = Cutter(Pool()).cut(asked)
    answers = Answers()
    for chunk in reversed(chunks):
        assert answers.take(asked) is None
        records = tuple(record(item.number, item.strategy) for item in chunk.work)
        answers.add(Answer(chunk.batch, chunk.place, records))
    assert [found.number for found in answers.take(asked) or ()] == list(range(12, 24))
    assert answers.take(asked) is None
