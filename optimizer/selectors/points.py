"""Read every trial's value under one measure, all at once or only those after a number.

Trials are written once and never changed, so a reader who knows those up to a number needs only the
later ones; that is what keeps a live chart cheap.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.models import TrialScores, WindowMetrics
from optimizer.selectors.keys import number_of, row_range, trial_range
from optimizer.selectors.studies import StudyView
from trading.market.domain.bars import FloatArray, IntArray

RETURN: Final = "return"
_SCORE: Final = struct.Struct("=d")


@dataclass(frozen=True, slots=True, eq=False)
class TrialPoints:
    """Complete trials in the order of their numbers.

    Attributes:
        number: int64[n]. value: float64[n], finite, percent for the return.
        place: int64[n], of the trial's strategy in the study's list.
    """

    number: IntArray
    value: FloatArray
    place: IntArray


def trial_points(study: StudyView, measure: str = RETURN, after: int = -1) -> TrialPoints:
    """Return the trials numbered above ``after`` that have a value under ``measure``.

    Args:
        study: whose trials.
        measure: ``return`` for the total return on the ranking window, or an objective's name.
        after: number of the last trial already known.
    """
    place = {name: i for i, name in enumerate(study.strategies)}
    rows = _returns(study, after) if measure == RETURN else _scores(study, measure, after)
    kept = [(number_of(t), v, place.get(s, 0)) for t, v, s in rows if math.isfinite(v)]
    return TrialPoints(
        np.array([row[0] for row in kept], dtype=np.int64),
        np.array([row[1] for row in kept], dtype=np.float64),
        np.array([row[2] for row in kept], dtype=np.int64),
    )


def _returns(study: StudyView, after: int) -> Iterable[tuple[int, float, str]]:
    found = WindowMetrics.objects.filter(
        **row_range(study.id, after), window=study.ranking_window
    ).order_by("id")
    return found.values_list("trial_id", "total_return_pct", "trial__strategy")


def _scores(study: StudyView, objective: str, after: int) -> Iterable[tuple[int, float, str]]:
    at = study.objectives.index(objective) * _SCORE.size
    found = TrialScores.objects.filter(**trial_range(study.id, after)).order_by("pk")
    rows = found.values_list("pk", "packed", "trial__strategy")
    return ((key, _SCORE.unpack_from(packed, at)[0], strategy) for key, packed, strategy in rows)
