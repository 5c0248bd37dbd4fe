"""Read packed scores: those of one trial by name, those of a whole study as an array."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from optimizer.models import TrialScores
from optimizer.models.trials import TRIAL_SPACE
from optimizer.selectors.keys import trial_range
from trading.market.domain.bars import FloatArray, IntArray


def scores_unpack(packed: bytes | memoryview, objectives: Sequence[str]) -> dict[str, float | None]:
    """Return the scores of one trial by objective, what is not finite as None."""
    values = np.frombuffer(packed).tolist()
    return {
        name: value if math.isfinite(value) else None
        for name, value in zip(objectives, values, strict=True)
    }


def scores_table(study_id: int, n_objectives: int) -> tuple[IntArray, FloatArray]:
    """Return the scores of every complete trial, in the order of their numbers.

    Returns:
        int64[n] numbers and float64[n, k] scores in the order of the study's objectives; NaN where
        a score is not finite.
    """
    rows = TrialScores.objects.filter(**trial_range(study_id)).order_by("pk")
    found = list(rows.values_list("pk", "packed"))
    number = np.array([key for key, _ in found], dtype=np.int64) % TRIAL_SPACE
    scores = np.frombuffer(b"".join([packed for _, packed in found])).reshape(-1, n_objectives)
    return number, np.where(np.isfinite(scores), scores, np.nan)
