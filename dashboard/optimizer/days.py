"""Name the windows of a study where there is little room: of very many, a few and the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.domain.study.stretches import Stretches

SHOWN_MAX: Final = 12
_FIRST_SHOWN: Final = 4


def some_windows(labels: Sequence[str]) -> tuple[list[str], int]:
    """Return the labels to show and how many are left out before the last, the one that ranks."""
    if len(labels) <= SHOWN_MAX:
        return [*labels], 0
    return [*labels[:_FIRST_SHOWN], labels[-1]], len(labels) - _FIRST_SHOWN - 1


def some_days(stretches: Stretches) -> list[tuple[str, str]]:
    """Return the same of their days, the holdout last."""
    lines = stretches.lines
    shown, n_more = some_windows([window.label for window in stretches.windows])
    if not n_more:
        return lines
    first = len(shown) - 1
    return [*lines[:first], ("and", f"{n_more} more windows"), *lines[first + n_more :]]
