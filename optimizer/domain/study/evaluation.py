"""Turn a suggestion into a record: what a worker does with every trial it is given.

Windows are evaluated shortest first; below a window's floor the trial is pruned. A trial that
raises is tried again after a pause, because a full memory or a half-written compiler cache passes;
after ``ATTEMPTS`` it has failed and the record says why. A parameter set the strategy refuses fails
at once, because it always will.

Source: optimizer issue, "Search" and "Trial store and resume".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.domain.metrics import FillModel, Metrics
from optimizer.domain.objectives import objective_scores
from optimizer.domain.periods import window_parse
from optimizer.domain.study.records import TrialRecord, TrialStatus, params_dump
from trading.base.domain.errors import BadInputError

PAUSES_S: Final = (0.1, 1.0)  # before the second attempt and the third
ATTEMPTS: Final = 1 + len(PAUSES_S)


@dataclass(frozen=True, slots=True)
class Terms:
    """How every trial of a study is evaluated; plain values, so that they can travel.

    Attributes:
        windows: labels, shortest first.
        objectives: names; the first steers.
        trade_size: quote.
        fill: value of a ``FillModel``.
    """

    windows: tuple[str, ...]
    objectives: tuple[str, ...]
    trade_size: float
    fill: str
    warm_up_bars: int


class Work(NamedTuple):
    """One trial to evaluate."""

    number: int
    strategy: str
    params: Mapping[str, float]


class _Outcome(NamedTuple):
    """How a trial ended; see ``TrialRecord``."""

    status: TrialStatus
    metrics: tuple[bytes, ...] = ()
    early: tuple[float, ...] = ()
    scores: bytes = b""


_FAILED: Final = _Outcome(TrialStatus.FAILED)


def metrics_pack(metrics: Metrics) -> bytes:
    """Return the fields as float64 in their order, every bit."""
    return np.array(metrics, dtype=np.float64).tobytes()


def metrics_of_packed(packed: bytes) -> Metrics:
    """Return the metrics of ``metrics_pack``; counts and flags come back as float64."""
    return Metrics(*np.frombuffer(packed).tolist())


def scores_of(
    metrics: Sequence[bytes], objectives: tuple[str, ...], status: TrialStatus
) -> tuple[tuple[float, ...], bytes]:
    """Return the steering score of every window and, of a complete trial, its packed scores.

    The same bits as the record had, because they are functions of the metrics.
    """
    windows = [metrics_of_packed(packed) for packed in metrics]
    steering = objectives[:1]
    early = tuple(objective_scores(window, steering)[steering[0]] for window in windows)
    if status is not TrialStatus.OK:
        return early, b""
    scores = objective_scores(windows[-1], objectives)
    return early, np.array([scores[name] for name in objectives]).tobytes()


class TrialEvaluator:
    """Evaluates the trials of one study; keeps nothing between trials but prepared data.

    Attributes:
        terms: how every trial is evaluated.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        terms: Terms,
        *,
        now_us: Callable[[], int],
        pause: Callable[[float], object],
    ) -> None:
        """Take prepared data.

        Args:
            evaluator: over the search part of the candles.
            terms: of the study.
            now_us: a clock that never goes back, µs.
            pause: waits that many seconds.
        """
        self._evaluator = evaluator
        self.terms = terms
        self._now_us, self._pause = now_us, pause
        self._plans = [
            Plan(
                windows=(window_parse(label),),
                trade_sizes=(terms.trade_size,),
                fill=FillModel(terms.fill),
                warm_up_bars=terms.warm_up_bars,
            )
            for label in terms.windows
        ]

    def record(self, work: Work, floors: Sequence[float]) -> TrialRecord:
        """Return the record of one trial, failed ones included."""
        started = self._now_us()
        attempt = 1
        while (found := self._attempt(work, floors, is_last=attempt == ATTEMPTS)) is None:
            # not where the failure was caught: there it still holds the memory it lacked
            self._pause(PAUSES_S[attempt - 1])
            attempt += 1
        outcome, error = found
        return TrialRecord(
            number=work.number,
            strategy=work.strategy,
            params_json=params_dump(work.params),
            status=outcome.status,
            metrics=outcome.metrics,
            scores=outcome.scores,
            early=outcome.early,
            error=error,
            attempts=attempt,
            elapsed_us=self._now_us() - started,
        )

    def _attempt(
        self, work: Work, floors: Sequence[float], *, is_last: bool
    ) -> tuple[_Outcome, str] | None:
        """Return how a trial ended and why it failed; None where it is worth another attempt."""
        try:
            return self._evaluate(work, floors), ""
        except BadInputError as refusal:
            return _FAILED, str(refusal)
        except Exception as failure:  # noqa: BLE001 - what breaks a trial is its result
            return (_FAILED, f"{type(failure).__name__}: {failure}") if is_last else None

    def _evaluate(self, work: Work, floors: Sequence[float]) -> _Outcome:
        packed: list[bytes] = []
        early: list[float] = []
        last = len(self._plans) - 1
        for place, plan in enumerate(self._plans):
            metrics = self._evaluator.evaluate(work.strategy, work.params, plan)[0].metrics
            packed.append(metrics_pack(metrics))
            if place == last:
                scores = objective_scores(metrics, self.terms.objectives)
                values = np.array([scores[name] for name in self.terms.objectives])
                early.append(float(values[0]))
                return _Outcome(TrialStatus.OK, tuple(packed), tuple(early), values.tobytes())
            steering = self.terms.objectives[:1]
            early.append(objective_scores(metrics, steering)[steering[0]])
            # NaN is no score to be below a floor with; the later windows decide
            if not math.isnan(early[-1]) and early[-1] < floors[place]:
                return _Outcome(TrialStatus.PRUNED, tuple(packed), tuple(early))
        raise AssertionError("a study has at least one window")
