"""Choosing in one half and ranking in the other, against slow loops and known extremes."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from optimizer.domain.luck.overfitting import distinct_columns, overfitting
from trading.base.domain.errors import InvariantError


def slow(returns: np.ndarray, n_blocks: int) -> tuple[float, float]:
    """Return overfitting probability and loss share, one split after the other."""
    blocks = np.split(returns, n_blocks)

    def ratio(column: np.ndarray) -> float:
        return 0.0 if column.std() == 0 else column.mean() / column.std()

    below = lost = count = 0
    for taken in combinations(range(n_blocks), n_blocks // 2):
        rest = [k for k in range(n_blocks) if k not in taken]
        inside = np.concatenate([blocks[k] for k in taken])
        outside = np.concatenate([blocks[k] for k in rest])
        chosen = int(np.argmax([ratio(column) for column in inside.T]))
        there = [ratio(column) for column in outside.T]
        rank = sorted(there).index(there[chosen]) + 1
        share = rank / (len(there) + 1)
        below += math.log(share / (1 - share)) <= 0
        lost += there[chosen] < 0
        count += 1
    return below / count, lost / count


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_loops_over_every_split(seed: int) -> None:
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.0005, 0.02, (48, 11))
    found = overfitting(returns, 8)
    assert (found.pbo, found.loss_share) == pytest.approx(slow(returns, 8))
    assert found.n_trials == 11


def test_the_oldest_rows_that_fill_no_block_are_left_out() -> None:
    returns = np.random.default_rng(9).normal(0.0, 0.02, (53, 6))
    assert overfitting(returns, 8) == overfitting(returns[5:], 8)


def test_a_trial_that_is_best_everywhere_is_no_overfitting() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.01, (160, 20))
    returns[:, 7] += 0.02
    found = overfitting(returns)
    assert found.pbo == 0.0
    assert found.loss_share == 0.0


def test_trials_that_are_good_in_one_half_and_bad_in_the_other_are_overfitting() -> None:
    rng = np.random.default_rng(2)
    returns = rng.normal(0.0, 0.001, (160, 16))
    # every trial earns in one block and loses as much in the fifteen others: the sums are equal
    for k in range(16):
        returns[:, k] -= 0.01
        returns[k * 10 : k * 10 + 10, k] += 0.16
    found = overfitting(returns)
    assert found.pbo > 0.95
    assert found.loss_share > 0.95


def test_among_trials_without_skill_it_is_one_half_on_average() -> None:
    found = [
        overfitting(np.random.default_rng(seed).normal(0.0, 0.02, (240, 30))).pbo
        for seed in range(40)
    ]
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_ranks_of_equals_are_shared() -> None:
    returns = np.zeros((32, 4))
    found = overfitting(returns)
    assert found.pbo == 1.0  # in the middle of equals is not above the median
    assert found.loss_share == 0.0


@pytest.mark.parametrize(
    ("shape", "blocks"), [((100, 1), 16), ((100, 5), 7), ((20, 5), 16)], ids=str
)
def test_what_cannot_be_ranked_is_refused(shape: tuple[int, int], blocks: int) -> None:
    with pytest.raises(InvariantError, match="cannot be ranked"):
        overfitting(np.ones(shape), blocks)


def test_trials_that_move_together_count_once() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.0, 1.0, (2, 200))
    table = np.column_stack((a, 3 * a + 1e-3 * b, np.zeros(200), b, np.zeros(200), -a))
    assert distinct_columns(table).tolist() == [0, 2, 3, 5]
