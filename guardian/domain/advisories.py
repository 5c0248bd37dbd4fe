"""What needs the operator: each condition with its level, what it is, and what to do about it.

The ladder of levels (plan 3, degradation): 0 all is well, 1 something beside trading is missing,
2 no entries where data is old or a session is down, exits go on, 4 nothing can be decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BLOCKED: Final = {
    0: "Nothing is blocked.",
    1: "Nothing is blocked; what is named here is missing or late.",
    2: "New entries are blocked where this applies; open positions keep their stops.",
    4: "Nothing can be decided or recorded until this is mended.",
}


@dataclass(frozen=True, slots=True)
class Advisory:
    """One open condition.

    Attributes:
        level: how far it degrades the desk, one of ``BLOCKED``.
        subject: what it is about, such as ``feed bybit`` or ``redis``.
        text: the condition in one sentence, with its figures.
        action: what mends it, in one sentence.
    """

    level: int
    subject: str
    text: str
    action: str


def degradation_level(advisories: Sequence[Advisory]) -> int:
    """Return the worst level, 0 when nothing is open."""
    return max((advisory.level for advisory in advisories), default=0)
