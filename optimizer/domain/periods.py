"""Cut the evaluation windows out of a data set: the last N days, inclusive, or everything.

Source: reference specification of the optimizer, section 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import IntArray

MS_PER_DAY: Final = 86_400_000
_NAMED: Final = {"all": None, "1y": 365}
_DAYS: Final = re.compile(r"([1-9]\d{0,4})d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """A named stretch at the end of the data; ``days`` None means all of it."""

    label: str
    days: int | None


def window_parse(label: str) -> Window:
    """Return the window a label such as 30d, 90d, 1y or all names.

    Raises:
        BadInputError: the label is none of these.
    """
    if label in _NAMED:
        return Window(label, _NAMED[label])
    found = _DAYS.fullmatch(label)
    if not found:
        raise BadInputError(f"window was {label!r}; expected all, 1y or a number of days like 90d")
    return Window(label, int(found.group(1)))


def windows_parse(labels: Sequence[str]) -> tuple[Window, ...]:
    """Return the windows of ``labels`` in their order.

    Raises:
        BadInputError: a label is unknown, two mean the same, or there is none.
    """
    if not labels:
        raise BadInputError("no window was given; expected for example 30d,90d,1y,all")
    repeated = {label for label in labels if labels.count(label) > 1}
    if repeated:
        raise BadInputError(f"window {sorted(repeated)[0]!r} was given twice")
    windows = tuple(window_parse(label) for label in labels)
    known: dict[int | None, str] = {}
    for window in windows:
        other = known.setdefault(window.days, window.label)
        if other != window.label:
            raise BadInputError(f"windows {other!r} and {window.label!r} are the same; give one")
    return windows


def window_start(open_time: IntArray, window: Window) -> int:
    """Return the first bar with ``open_time >= last - days``, 0 for all.

    Args:
        open_time: int64[n], ms UTC, strictly growing.
        window: the stretch wanted.
    """
    if window.days is None:
        return 0
    cutoff = int(open_time[-1]) - window.days * MS_PER_DAY
    return int(np.searchsorted(open_time, cutoff, side="left"))
