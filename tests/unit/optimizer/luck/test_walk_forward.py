"""Steps of a walk-forward keep their distance, and their score is the specification's."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.domain.luck.walk_forward import fold_score, fold_spans
from optimizer.domain.periods import MS_PER_DAY

HOUR_MS = 3_600_000


def hours(days: int) -> np.ndarray:
    return 1_700_000_000_000 + HOUR_MS * np.arange(24 * days + 1, dtype=np.int64)


def test_steps_train_ninety_days_wait_and_test_thirty() -> None:
    times = hours(200)
    folds = fold_spans(times, 2.0)
    assert len(folds) == 3  # the fourth would end on day 212
    for k, (train, test) in enumerate(folds):
        assert train == (k * 720, k * 720 + 2160)
        assert test.start - train.stop == 48
        assert test.stop - test.start == 720
        assert times[test.start] - times[train.start] == 92 * MS_PER_DAY


def test_the_last_test_may_end_with_the_candles() -> None:
    assert len(fold_spans(hours(122), 2.0)) == 1
    assert fold_spans(hours(121), 2.0) == []
    assert len(fold_spans(hours(120), 0.0)) == 1


def test_a_hole_in_the_candles_leaves_its_step_out() -> None:
    times = hours(200)
    is_kept = np.ones(len(times), dtype=bool)
    is_kept[92 * 24 : 122 * 24 - 5] = False  # the first test keeps five bars
    folds = fold_spans(times[is_kept], 2.0)
    assert len(folds) == 2
    assert all(test.stop - test.start >= 10 for _, test in folds)


def test_the_score_is_that_of_the_specification() -> None:
    returns, holds = [10.0, -4.0, 3.0, 8.0, -20.0], [2.0, 1.0, 0.0, 10.0, -5.0]
    # excess: 8, -5, 3, -2, -15; median -2, lower quartile -5, one worst of three: 15
    found = fold_score(returns, holds, [1.0, 2.0, 4.0, 8.0, 16.0])
    assert found.median == -2.0
    assert found.lower_quartile == -5.0
    assert found.worst_tenth_loss == 15.0
    assert found.positive_share == 0.4
    assert found.score == pytest.approx(0.6 * -2 + 0.4 * -5 - 5 * 15 - 0.1 * 4)


def test_the_worst_tenth_is_a_mean_of_as_many_as_it_takes() -> None:
    excess = [-float(k) for k in range(1, 12)]  # eleven fell short: the worst two
    assert fold_score(excess, [0.0] * 11, [0.0] * 11).worst_tenth_loss == 10.5


def test_steps_that_all_beat_holding_lose_nothing() -> None:
    found = fold_score([3.0, 5.0], [1.0, 1.0], [0.0, 0.0])
    assert found.worst_tenth_loss == 0.0
    assert found.score == pytest.approx(0.6 * 3.0 + 0.4 * 2.5)
