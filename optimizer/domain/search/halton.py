"""Spread points evenly: the Halton sequence with scrambled digits.

Point k is a function of (seed, k) alone. Each dimension counts k in its own prime base and mirrors
the digits behind the point; every digit goes through a permutation drawn from the seed, which
removes the stripes plain Halton shows in dimensions with large bases.

Source: A. B. Owen, "A randomized Halton algorithm in R", 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from optimizer.domain.search.samplers import Result, State, generator
from trading.market.domain.bars import FloatArray, IntArray

_DIGITS_BITS: Final = 40  # digits until the rest is below 2**-40 of the axis
_FIRST: Final = 10**9  # keeps the permutations' stream apart from every batch's


def primes(n: int) -> list[int]:
    """Return the first ``n`` primes."""
    found: list[int] = []
    candidate = 2
    while len(found) < n:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


class HaltonSampler:
    """Scrambled Halton points, dimension by dimension; remembers how many it gave."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._bases, self._given = primes(dim), 0
        rng = generator(seed, place, _FIRST)
        self._digits: list[IntArray] = []
        for base in self._bases:
            n = math.ceil(_DIGITS_BITS / math.log2(base))
            self._digits.append(np.stack([rng.permutation(base) for _ in range(n)]))

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return the next points of the sequence."""
        index = np.arange(self._given, self._given + len(numbers), dtype=np.int64)
        self._given += len(numbers)
        points = np.zeros((len(numbers), len(self._digits)))
        for axis, (base, digits) in enumerate(zip(self._bases, self._digits, strict=True)):
            rest, weight = index.copy(), 1.0 / base
            for permutation in digits:
                points[:, axis] += permutation[rest % base] * weight
                rest //= base
                weight /= base
        return list(np.minimum(points, np.nextafter(1.0, 0.0)))

    def tell(self, results: Sequence[Result]) -> None:
        """Ignore the results."""

    def state(self) -> State:
        """Return how many points were given."""
        return {"given": self._given}

    def restore(self, state: State) -> None:
        """Go on behind the points given."""
        self._given = int(state["given"])
