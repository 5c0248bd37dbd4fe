"""What goes wrong on the way to the scripted venue and back, by a seed."""

from __future__ import annotations

import random
from collections import Counter
from enum import StrEnum


class Fault(StrEnum):
    """What happens to one request."""

    NONE = "none"
    LOST_BEFORE = "lost_before"  # never arrives, no answer
    LOST_AFTER = "lost_after"  # executed, no answer
    TROUBLE_BEFORE = "trouble_before"  # an error that says nothing, not executed
    TROUBLE_AFTER = "trouble_after"  # the same, executed
    DROP_BEFORE = "drop_before"  # the connection breaks before
    DROP_AFTER = "drop_after"  # and after it was executed
    LATE_BEFORE = "late_before"  # arrives and is executed some requests later
    LATE_AFTER = "late_after"  # executed, answered some requests later
    TWICE = "twice"  # answered two times
    SLOW_DOWN = "slow_down"  # asks for silence, not executed


_WEIGHTS = {
    Fault.LOST_BEFORE: 2, Fault.LOST_AFTER: 2, Fault.TROUBLE_BEFORE: 6, Fault.TROUBLE_AFTER: 6,
    Fault.DROP_BEFORE: 4, Fault.DROP_AFTER: 4, Fault.LATE_BEFORE: 8, Fault.LATE_AFTER: 4,
    Fault.TWICE: 5, Fault.SLOW_DOWN: 2,
}  # fmt: skip


class Script:
    """Says what happens to each request, and to the news.

    Attributes:
        next: faults of the next requests, before chance decides.
        seen: how often each fault happened.
    """

    def __init__(self, seed: int = 0, *, trouble: float = 0.0) -> None:
        """``trouble``: the share of requests something happens to."""
        self.next: list[Fault] = []
        self.seen: Counter[Fault] = Counter()
        self.is_calm = trouble == 0.0
        self._random = random.Random(seed)
        self._trouble = trouble

    def fault(self) -> Fault:
        if self.next:
            found = self.next.pop(0)
        elif self.is_calm or self._random.random() >= self._trouble:
            found = Fault.NONE
        else:
            found = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        self.seen[found] += 1
        return found

    def delay(self) -> int:
        """Return after how many more requests something late arrives."""
        return self._random.randint(1, 6)

    def told(self, waiting: list[str]) -> tuple[list[str], list[str]]:
        """Return which lines of news are told now, in which order, and which later."""
        if self.is_calm:
            return waiting, []
        lines = [line for line in waiting if self._random.random() > 0.1]  # some are lost
        lines += [line for line in lines if self._random.random() < 0.2]  # some told twice
        self._random.shuffle(lines)
        cut = self._random.randint(0, len(lines))
        return lines[:cut], lines[cut:]
