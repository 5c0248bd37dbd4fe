"""Say which strategy each trial of a study tries and which trials make up a batch.

The first trial of every strategy uses its defaults; a strategy without parameters has no second
one, because it would be the same. After that strategies take turns. Batches are equal in size, and
neither workers nor machines change which trial belongs to which batch.

Source: optimizer issue, "Search"; reference specification of the optimizer, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from optimizer.domain.search.space import Space
from trading.base.domain.errors import BadInputError

LAG: Final = 2  # batch b is proposed when batches up to b - LAG are known: two are in flight
_PER_STRATEGY: Final = 12  # trials of one strategy in a batch: about one population
_SMALLEST, _LARGEST = 8, 144


def batch_size_choose(n_trials: int, n_searched: int) -> int:
    """Return how many trials a batch holds: a population per strategy, at least 8 batches."""
    wanted = max(32, _PER_STRATEGY * n_searched)
    return max(_SMALLEST, min(wanted, _LARGEST, n_trials // 8))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The order of work.

    Attributes:
        spaces: of the strategies, in the order they take turns.
        n_trials: wanted; fewer are made when no strategy has parameters.
        batch_size: trials in every batch but the last.
        searched: the spaces with something to search.
    """

    spaces: tuple[Space, ...]
    n_trials: int
    batch_size: int
    searched: tuple[Space, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.n_trials < 1:
            raise BadInputError(f"trials were {self.n_trials}; expected 1 or more")
        if not self.spaces:
            raise BadInputError("a study needs at least one strategy")
        if self.batch_size < 1:
            raise BadInputError(f"batch size was {self.batch_size}; expected 1 or more")
        searched = tuple(space for space in self.spaces if space.dim)
        object.__setattr__(self, "searched", searched)  # frozen, and asked for every trial

    @property
    def total(self) -> int:
        """Return how many trials there will be."""
        return self.n_trials if self.searched else min(self.n_trials, len(self.spaces))

    @property
    def n_batches(self) -> int:
        """Return how many batches there will be."""
        return -(-self.total // self.batch_size)

    def numbers(self, batch: int) -> range:
        """Return the trial numbers of a batch."""
        start = batch * self.batch_size
        return range(start, min(start + self.batch_size, self.total))

    def space(self, number: int) -> Space:
        """Return whose turn trial ``number`` is."""
        if number < len(self.spaces):
            return self.spaces[number]
        return self.searched[(number - len(self.spaces)) % len(self.searched)]

    def is_default(self, number: int) -> bool:
        """Return whether trial ``number`` uses the defaults of its strategy."""
        return number < len(self.spaces)


def turns(schedule: Schedule, batch: int) -> Sequence[tuple[Space, range]]:
    """Return the trial numbers of a batch that samplers must fill, by strategy."""
    numbers, n_searched = schedule.numbers(batch), len(schedule.searched)
    first = max(numbers.start, len(schedule.spaces))
    return [
        (schedule.space(number), range(number, numbers.stop, n_searched))
        for number in range(first, min(first + n_searched, numbers.stop))
    ]
