"""A trial that fails is tried again after a pause, a bounded number of times, and then recorded."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.study.evaluation import ATTEMPTS, PAUSES_S, Terms, TrialEvaluator, Work
from optimizer.domain.study.records import TrialRecord, TrialStatus
from tests.oracles import paths
from trading.base.domain.errors import BadInputError

TERMS = Terms(("1d",), ("final_balance",), 1000.0, "next_open", 0)
WORK = Work(4, "passive_hold", {})


@dataclass
class Desk:
    """An evaluator that raises ``failure`` until that many seconds have passed."""

    failure: Exception
    for_s: float
    now_s: float = 0.0
    pauses: list[float] = field(default_factory=list)
    memory: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inner = Evaluator(paths.path(3, 400), step_ms=paths.STEP_MS, costs=paths.schedule())

    def evaluate(self, *asked: Any) -> Any:
        if self.now_s < self.for_s:
            raise self.failure
        return self._inner.evaluate(*asked)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds

    def record(self) -> TrialRecord:
        evaluator: Any = self
        trials = TrialEvaluator(
            evaluator, TERMS, now_us=lambda: int(1e6 * self.now_s), pause=self.pause
        )
        return trials.record(WORK, ())


def test_what_passes_within_a_second_is_no_failure() -> None:
    for for_s, attempts in ((0.05, 2), (0.5, 3)):
        desk = Desk(MemoryError("for a while"), for_s)
        record = desk.record()
        assert (record.status, record.error, record.attempts) == (TrialStatus.OK, "", attempts)
        assert desk.pauses == list(PAUSES_S[: attempts - 1])


def test_what_does_not_pass_is_recorded_with_its_reason() -> None:
    desk = Desk(ZeroDivisionError("by nothing"), 3600.0)
    record = desk.record()
    assert record.status is TrialStatus.FAILED
    assert record.error == "ZeroDivisionError: by nothing"
    assert record.attempts == ATTEMPTS == 3
    assert desk.pauses == list(PAUSES_S) == [0.1, 1.0]
    assert record.elapsed_us == 1_100_000
    assert (record.metrics, record.early, record.scores) == ((), (), b"")


def test_what_a_strategy_refuses_is_not_tried_again() -> None:
    desk = Desk(BadInputError("entry_days was 0"), 3600.0)
    record = desk.record()
    assert (record.status, record.attempts) == (TrialStatus.FAILED, 1)
    assert record.error == "entry_days was 0"
    assert desk.pauses == []


class InHand:
    """What an attempt had in hand when it failed."""


class Heavy(Desk):
    """Fails every time, and looks in every pause whether the attempt before is forgotten."""

    def evaluate(self, *_asked: Any) -> Any:
        in_hand = InHand()
        self.seen = weakref.ref(in_hand)
        raise MemoryError("no room for more")

    def pause(self, seconds: float) -> None:
        super().pause(seconds)
        self.memory.append(self.seen() is not None)


def test_while_it_waits_a_failure_holds_no_memory() -> None:
    desk = Heavy(MemoryError(), 0.0)
    assert desk.record().status is TrialStatus.FAILED
    assert desk.memory == [False, False]


def test_an_unknown_strategy_fails_at_once() -> None:
    desk = Desk(MemoryError(), 0.0)
    evaluator: Any = desk
    trials = TrialEvaluator(evaluator, TERMS, now_us=lambda: 0, pause=desk.pause)
    record = trials.record(Work(0, "no_such", {}), ())
    assert (record.status, record.attempts, desk.pauses) == (TrialStatus.FAILED, 1, [])
