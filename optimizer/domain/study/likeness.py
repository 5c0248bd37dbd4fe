"""Recognise a market in another file of it: longer, resampled, rounded, rescaled, renamed.

A file is remembered by its closes at the ends of hours, quarters of days or days. Two files are of
one market where the logarithms of those closes keep their distance: what they differ by varies by
less than a hundredth of what the closes themselves vary by. Two walks never do, however alike they
look; a token in two currencies that hardly move against each other does, and is charged for. So is
a file in the local time of another zone, and one of the same market the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optimizer.domain.periods import MS_PER_DAY
from trading.market.domain.bars import CLOSE, BarArrays, FloatArray, IntArray

_SLOTS_MS: Final = (MS_PER_DAY // 24, MS_PER_DAY // 4, MS_PER_DAY)
_MOST_SLOTS: Final = 1_500  # of one file; more would only be slower to compare
_LEAST_COMMON: Final = 4  # closes that decide
_LEAST_MOVED: Final = 24  # where times or direction differ: so many ways to be alike by chance
_LEAST_BETWEEN: Final = 60  # slots, in which two walks part by ten of their steps
_HALF_SLOT: Final = 0.6  # of a slot's own variance; two that only jitter differ by twice as much
_ZONES_MS: Final = 14 * MS_PER_DAY // 24  # as far as clocks on earth are from UTC
_PLACES: Final = 5  # of a logarithm: a thousandth of a percent
UNLIKE: Final = 0.01  # of the closes' own variance


@dataclass(frozen=True, slots=True, eq=False)
class PricePath:
    """The closes of one file.

    Attributes:
        slot_ms: between two closes.
        slots: int64[n], numbers of the slots of the epoch that have one, growing.
        logs: float64[n], natural logarithms of the last close in each.
    """

    slot_ms: int
    slots: IntArray
    logs: FloatArray

    def as_json(self) -> dict[str, Any]:
        """Return plain values; ``path_read`` reads them."""
        steps = np.diff(self.slots, prepend=0).tolist()
        logs = [round(value, _PLACES) for value in self.logs.tolist()]
        return {"slot_ms": self.slot_ms, "steps": steps, "logs": logs}

    def days(self) -> IntArray:
        """Return the numbers of the days of the epoch that have closes."""
        return np.unique(self.slots * self.slot_ms // MS_PER_DAY)

    def at(self, slot_ms: int) -> PricePath:
        """Return the same with slots a multiple as long; one that ends early is left out."""
        ratio = slot_ms // self.slot_ms
        if ratio == 1:
            return self
        slots = self.slots // ratio
        last = np.flatnonzero(np.diff(slots, append=slots[-1] + 1))
        if (self.slots[-1] + 1) % ratio:
            last = last[:-1]
        return PricePath(slot_ms, slots[last], self.logs[last])


def path_of(bars: BarArrays, step_ms: int) -> PricePath:
    """Return the closes by which bars are recognised.

    Args:
        bars: at least one, oldest first, closes above 0.
        step_ms: length of one bar.
    """
    closes_at = bars.open_time + step_ms
    span_ms = int(closes_at[-1] - bars.open_time[0])
    slot_ms = next((slot for slot in _SLOTS_MS if span_ms <= slot * _MOST_SLOTS), _SLOTS_MS[-1])
    slots = (closes_at - 1) // slot_ms
    last = np.flatnonzero(np.diff(slots, append=slots[-1] + 1))
    if closes_at[-1] % slot_ms and last.size > 1:
        last = last[:-1]  # the file ends within it, a longer one does not
    return PricePath(slot_ms, slots[last], np.log(bars.values[CLOSE][last]))


def path_read(stored: Mapping[str, Any]) -> PricePath | None:
    """Return the path of ``PricePath.as_json``; None for nothing."""
    if not stored:
        return None
    slots = np.cumsum(np.array(stored["steps"], dtype=np.int64))
    return PricePath(int(stored["slot_ms"]), slots, np.array(stored["logs"], dtype=np.float64))


def share_seen(own: PricePath, other: PricePath) -> float:
    """Return which share of the days of ``own`` another file of the market holds, 0 to 1.

    0 for another market, and where too little is common to tell.
    """
    slot_ms = max(own.slot_ms, other.slot_ms)
    a, b = own.at(slot_ms), other.at(slot_ms)
    if not _is_same_market(a, b):
        return 0.0
    days = own.days()
    return float(np.isin(days, other.days()).sum() / days.size)


def _is_same_market(a: PricePath, b: PricePath) -> bool:
    most = -(-_ZONES_MS // a.slot_ms)
    for lag in sorted(range(-most, most + 1), key=abs):
        _, in_a, in_b = np.intersect1d(
            a.slots, b.slots + lag, assume_unique=True, return_indices=True
        )
        one, other = a.logs[in_a], b.logs[in_b]
        if in_a.size >= (_LEAST_MOVED if lag else _LEAST_COMMON) and _is_alike(one, other):
            return True
        if in_a.size >= _LEAST_MOVED and _is_alike(one, -other):
            return True
        if in_a.size >= _LEAST_BETWEEN and _is_between(one, other):
            return True
    return False


def _is_between(a: FloatArray, b: FloatArray) -> bool:
    """Return whether the closes differ by what a market moves in half a slot, as hours do in days.

    Those of another market part by more with every slot.
    """
    return float(np.var(a - b)) <= _HALF_SLOT * float(np.var(np.diff(a)))


def _is_alike(a: FloatArray, b: FloatArray) -> bool:
    least = 10.0 ** (-2 * _PLACES)  # of what was rounded away
    between, within = float(np.var(a - b)), float(np.var(a))
    return math.isfinite(between) and between <= max(UNLIKE * within, least)
