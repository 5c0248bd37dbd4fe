"""One study watched by one browser: a snapshot of its trials, then only what came after.

Trials are numbered without holes and never changed, so the number of stored trials is the sequence:
a delta says from which number it goes on, and a client that holds another number asks again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dashboard.optimizer.progress import progress_payload, state_sentence
from dashboard.shell.addresses import ROW_MAX
from optimizer.domain.topics import study_topic
from optimizer.selectors.points import RETURN, TrialPoints, trial_points
from optimizer.selectors.studies import StudyView, study_get
from optimizer.selectors.trials import trial_counts
from trading.base import bootstrap
from trading.base.domain.errors import BadInputError
from trading.base.domain.topics import group_for
from trading.market.domain.bars import IntArray

BoolArray = npt.NDArray[np.bool_]

POINTS_MAX: Final = 1500  # drawn at once; more cannot be told apart at the width of a screen
TOP_KEPT: Final = 300
RATE_OVER_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """A study a browser wants to see, and by what its trials are measured."""

    study_id: int
    measure: str

    @classmethod
    def parse(cls, message: Mapping[str, Any]) -> StudyRequest:
        """Return the request of a client message.

        Raises:
            BadInputError: a field is missing or is not what it must be.
        """
        study_id, measure = message.get("study"), message.get("measure", RETURN)
        if type(study_id) is not int or not 1 <= study_id <= ROW_MAX:
            raise BadInputError(f"study was {study_id!r}; expected the number of a study")
        if not isinstance(measure, str):
            raise BadInputError(f"measure was {measure!r}; expected return or an objective")
        return cls(study_id, measure)

    @property
    def group(self) -> str:
        """Return the channel-layer group of the study's news."""
        return group_for(study_topic(self.study_id))


class StudyWatch:
    """What one browser already knows of one study."""

    def __init__(self, request: StudyRequest) -> None:
        self.request = request
        self._known = 0  # stored trials the browser was told of
        self._best = -np.inf
        self._counts: Counter[str] = Counter()
        self._seen: deque[tuple[datetime, int]] = deque()
        self._last_said = ("", "")  # state and sentence

    def snapshot(self) -> dict[str, Any]:
        """Return all there is, thinned to what can be seen.

        Raises:
            BadInputError: there is no such study, or it does not know the measure.
        """
        told = self._told(self._study(), "study", after=-1)
        return {**told, "shown": len(told["points"]["n"])}

    def delta(self) -> dict[str, Any] | None:
        """Return what came since, None when nothing did.

        Raises:
            BadInputError: the study is gone.
        """
        study = self._study()
        if study.n_done == self._known and _said(study) == self._last_said:
            return None
        start = self._known
        return {**self._told(study, "trials", after=start - 1), "from": start}

    def _told(self, study: StudyView, kind: str, after: int) -> dict[str, Any]:
        """Return the trials numbered beyond ``after``, and remember that the browser has them."""
        points = self._points(study, after)
        rises = self._rises(points)
        progress = self._progress(study)
        self._known, self._last_said = study.n_done, _said(study)
        return {
            "kind": kind,
            "study": study.id,
            "measure": self.request.measure,
            "n": study.n_done,
            "progress": progress,
            "complete": int(points.number.shape[0]),
            "points": _columns(points, thinned(points, rises)),
            "best": _line(points, rises),
        }

    def _study(self) -> StudyView:
        study = study_get(self.request.study_id, bootstrap.system_clock().now())
        if study is None:
            raise BadInputError(f"study was {self.request.study_id}; there is no such study")
        if self.request.measure not in (RETURN, *study.objectives):
            raise BadInputError(
                f"measure was {self.request.measure!r}; expected {RETURN} or one of "
                f"{', '.join(study.objectives)}"
            )
        return study

    def _points(self, study: StudyView, after: int) -> TrialPoints:
        found = trial_points(study, self.request.measure, after)
        # a batch stored between the two reads belongs to the next delta
        known = found.number < study.n_done
        return TrialPoints(found.number[known], found.value[known], found.place[known])

    def _rises(self, points: TrialPoints) -> BoolArray:
        """Return which trials are better than all before them, and remember the best."""
        if points.value.shape[0] == 0:
            return np.zeros(0, dtype=bool)
        best = np.maximum.accumulate(np.concatenate(([self._best], points.value)))
        self._best = float(best[-1])
        rises: BoolArray = points.value > best[:-1]
        return rises

    def _progress(self, study: StudyView) -> dict[str, Any]:
        self._counts.update(trial_counts(study.id, after=self._counts.total() - 1))
        return progress_payload(study, self._counts, self._rate(study))

    def _rate(self, study: StudyView) -> float | None:
        """Return trials a second over the last few seconds of stored batches."""
        seen = self._seen
        if not seen or study.n_done > seen[-1][1]:
            seen.append((study.heartbeat_at, study.n_done))
        newest = seen[-1][0]
        while len(seen) > 2 and (newest - seen[1][0]).total_seconds() >= RATE_OVER_S:
            seen.popleft()
        took = (newest - seen[0][0]).total_seconds()
        if study.state != "running" or took <= 0:
            return None
        return (seen[-1][1] - seen[0][1]) / took


def _said(study: StudyView) -> tuple[str, str]:
    return study.state, state_sentence(study)


def thinned(points: TrialPoints, rises: BoolArray) -> IntArray:
    """Return the places worth drawing: every rise, the best few, the rest evenly."""
    n = points.value.shape[0]
    if n <= POINTS_MAX:
        return np.arange(n, dtype=np.int64)
    top = np.argsort(-points.value, kind="stable")[:TOP_KEPT]
    even = np.linspace(0, n - 1, POINTS_MAX - TOP_KEPT).astype(np.int64)
    kept: IntArray = np.unique(np.concatenate((np.flatnonzero(rises), top, even)))
    return kept


def _columns(points: TrialPoints, keep: IntArray) -> dict[str, Any]:
    return {
        "n": points.number[keep].tolist(),
        "v": [float(f"{value:.6g}") for value in points.value[keep].tolist()],
        "s": points.place[keep].tolist(),
    }


def _line(points: TrialPoints, rises: BoolArray) -> dict[str, Any]:
    return {
        "n": points.number[rises].tolist(),
        "v": [float(f"{value:.6g}") for value in points.value[rises].tolist()],
    }
