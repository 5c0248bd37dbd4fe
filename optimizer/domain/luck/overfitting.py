"""Estimate how often choosing the best trial in one half of time fails in the other half.

Time is cut into blocks; every way to take half of them is tried. In each the trial with the best
Sharpe ratio is chosen on the taken half, and its rank among all trials on the other half becomes a
logit. The probability of overfitting is the share of logits not above zero: the chosen one was no
better than the median trial where it was not chosen.

Source: D. H. Bailey, J. M. Borwein, M. López de Prado and Q. J. Zhu, "The Probability of Backtest
Overfitting", 2015 (combinatorially symmetric cross-validation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import FloatArray, IntArray

BLOCKS: Final = 16
LEAST_TRIALS: Final = 8  # a rank among fewer says nothing
ALIKE: Final = 0.95  # correlation from which two trials are one
_CHUNK: Final = 2048  # combinations at a time, which bounds the memory


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What choosing the best in one half of time brought in the other half.

    Attributes:
        pbo: share of the halves in which the chosen trial was not above the median elsewhere.
        loss_share: share of the halves in which the chosen trial lost elsewhere.
        n_trials: how many trials were ranked.
    """

    pbo: float
    loss_share: float
    n_trials: int


def distinct_columns(returns: FloatArray, alike: float = ALIKE) -> IntArray:
    """Return the columns of float64[n, k] to rank: the first of each group that moves together.

    Trials that are the same bet under other numbers would make every rank a coin toss. Columns
    that never move are one group.
    """
    deviation = returns.std(axis=0)
    scaled = (returns - returns.mean(axis=0)) / np.where(deviation > 0.0, deviation, 1.0)
    correlation = scaled.T @ scaled / returns.shape[0]
    still = deviation <= 0.0
    correlation[np.ix_(still, still)] = 1.0
    kept: list[int] = []
    for column in range(returns.shape[1]):
        if not kept or float(correlation[column, kept].max()) < alike:
            kept.append(column)
    return np.array(kept, dtype=np.int64)


def overfitting(returns: FloatArray, n_blocks: int = BLOCKS) -> Overfitting:
    """Return the probability of overfitting of choosing among the columns of ``returns``.

    Args:
        returns: float64[n, k], period returns of k trials, finite; the oldest rows that fill no
            block are left out.
        n_blocks: even; C(n_blocks, n_blocks / 2) halves are tried.

    Raises:
        InvariantError: fewer than two trials, an odd number of blocks, or blocks of one row.
    """
    n, k = returns.shape
    if k < 2 or n_blocks % 2 or n < 2 * n_blocks:
        raise InvariantError(f"{k} trials of {n} periods cannot be ranked in {n_blocks} blocks")
    length = n // n_blocks
    blocks = returns[n - n_blocks * length :].reshape(n_blocks, length, k)
    total, square = blocks.sum(axis=1), (blocks**2).sum(axis=1)
    logits, results = [], []
    for inside, outside in _both_sides(n_blocks, total, square, length):
        chosen = np.argmax(inside, axis=1)
        result = outside[np.arange(outside.shape[0]), chosen]
        logits.append(_logits(outside, result))
        results.append(result)
    return Overfitting(
        pbo=float(np.mean(np.concatenate(logits) <= 0.0)),
        loss_share=float(np.mean(np.concatenate(results) < 0.0)),
        n_trials=k,
    )


def _both_sides(
    n_blocks: int, total: FloatArray, square: FloatArray, length: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    # The complements of the halves are the same halves in the opposite order, so the ratios of a
    # chunk from the front are those of the other side for a chunk from the back.
    rows = _half_rows(n_blocks)
    n_rows = rows.shape[0]
    for start in range(0, n_rows // 2, _CHUNK):
        stop = min(start + _CHUNK, n_rows // 2)
        front = _sharpes(rows[start:stop].astype(np.float64), total, square, length)
        back = _sharpes(
            rows[n_rows - stop : n_rows - start].astype(np.float64), total, square, length
        )[::-1]
        yield front, back
        yield back, front


def _logits(outside: FloatArray, result: FloatArray) -> FloatArray:
    # Equal ratios share the middle of their ranks.
    lower = (outside < result[:, None]).sum(axis=1)
    equal = (outside == result[:, None]).sum(axis=1)
    share = (lower + (equal + 1) / 2.0) / (outside.shape[1] + 1)
    logits: FloatArray = np.log(share / (1.0 - share))
    return logits


def _sharpes(taken: FloatArray, total: FloatArray, square: FloatArray, length: int) -> FloatArray:
    count = taken[0].sum() * length
    mean = taken @ total / count
    variance = taken @ square / count - mean**2
    # What is left of a series that does not move is rounding.
    still = variance <= 1e-12 * np.maximum(mean**2, 1e-300)
    ratio: FloatArray = np.where(still, 0.0, mean / np.sqrt(np.where(still, 1.0, variance)))
    return ratio


@cache
def _half_rows(n_blocks: int) -> npt.NDArray[np.bool_]:
    taken = np.array(list(combinations(range(n_blocks), n_blocks // 2)))
    rows = np.zeros((taken.shape[0], n_blocks), dtype=np.bool_)
    np.put_along_axis(rows, taken, True, axis=1)
    rows.setflags(write=False)
    return rows
