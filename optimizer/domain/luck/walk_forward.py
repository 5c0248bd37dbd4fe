"""Choose on one stretch, test on the next, step on; and score what the tests brought.

Between choosing and testing lies an embargo, so that what moved the last days of the one stretch
is over when the other begins.

Source: reference specification of the optimizer, section 8. Here the best trial of all is tested,
not the best of every strategy, because only one can be installed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from optimizer.domain.features.market import Span
from optimizer.domain.periods import MS_PER_DAY
from trading.market.domain.bars import FloatArray, IntArray

TRAIN_DAYS: Final = 90
TEST_DAYS: Final = 30
STEP_DAYS: Final = 30
LEAST_TRAIN_BARS: Final = 50
LEAST_TEST_BARS: Final = 10
_WORST_SHARE: Final = 0.10


class FoldSpans(NamedTuple):
    """The bars of one step."""

    train: Span
    test: Span


@dataclass(frozen=True, slots=True)
class FoldScore:
    """What a walk-forward brought over buying and holding, percentage points.

    ``score`` = 0.6 median + 0.4 lower quartile - 5 CVaR10 - 0.1 median costs (percent), CVaR10 the
    mean loss of the worst tenth of the steps that fell short.
    """

    score: float
    median: float
    lower_quartile: float
    worst_tenth_loss: float
    positive_share: float
    n_folds: int


def fold_spans(open_time: IntArray, embargo_days: float) -> list[FoldSpans]:
    """Return the steps that fit into the candles, oldest first; none where they are too short.

    Args:
        open_time: int64[n], ms UTC, growing; what the search saw, the holdout cut off.
        embargo_days: between the end of the one stretch and the beginning of the other.
    """
    folds = []
    first, last = int(open_time[0]), int(open_time[-1])
    train_ms, test_ms = TRAIN_DAYS * MS_PER_DAY, TEST_DAYS * MS_PER_DAY
    gap_ms = round(embargo_days * MS_PER_DAY)
    begin = first
    while begin + train_ms + gap_ms + test_ms <= last:
        cuts = (begin, begin + train_ms, begin + train_ms + gap_ms)
        a, b, c = (int(np.searchsorted(open_time, cut)) for cut in cuts)
        d = int(np.searchsorted(open_time, cuts[2] + test_ms))
        # a hole in the candles may leave a step without bars
        if b - a >= LEAST_TRAIN_BARS and d - c >= LEAST_TEST_BARS:
            folds.append(FoldSpans(Span(a, b), Span(c, d)))
        begin += STEP_DAYS * MS_PER_DAY
    return folds


def fold_score(
    returns_pct: Sequence[float], holds_pct: Sequence[float], costs_pct: Sequence[float]
) -> FoldScore:
    """Return the score of the tests.

    Args:
        returns_pct: of every test, at least one.
        holds_pct: of buying and holding over the same tests.
        costs_pct: what the tests cost, as the metrics state it.
    """
    excess: FloatArray = np.asarray(returns_pct, dtype=np.float64) - np.asarray(holds_pct)
    short = np.sort(excess[excess < 0.0])
    worst = -float(short[: math.ceil(_WORST_SHARE * short.shape[0])].mean()) if short.size else 0.0
    median, quartile = float(np.median(excess)), float(np.quantile(excess, 0.25))
    score = 0.6 * median + 0.4 * quartile - 5.0 * worst - 0.1 * float(np.median(costs_pct))
    share = float(np.mean(excess > 0.0))
    return FoldScore(score, median, quartile, worst, share, excess.shape[0])
