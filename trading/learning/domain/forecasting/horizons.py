"""Name every distance a forecast may look ahead, once for labels, models, pages and policies.

A horizon has a bucket (short up to 30 minutes, mid up to a day, long beyond) and the bars it may be
forecast on. A bar longer than a third of the horizon would make several horizons mean the same next
bar; a bar so short that the horizon lies more than ``MOST_BARS`` away says nothing about it.

Source: reference specification desk 3.6 (windows), 14 (registry, no aliasing).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trading.base.domain.errors import BadInputError
from trading.market.domain.timeframes import length_name

MOST_BARS: Final = 10_000  # as far as a policy may look, see ``ForecastPolicy.horizon_bars``
LEAST_BARS: Final = 3
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_TIMEFRAMES_S: Final = tuple(
    n * unit for unit, counts in ((_MINUTE, (1, 3, 5, 15, 30)), (_HOUR, (1, 2, 4, 6, 12)))
    for n in counts
)  # fmt: skip


class Bucket(StrEnum):
    """How far ahead, roughly; coverage and bias are counted by it."""

    SHORT = "short"
    MID = "mid"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Horizon:
    """One distance: its label and its length, s."""

    label: str
    seconds: int

    @property
    def length_ms(self) -> int:
        """Return the length in ms."""
        return self.seconds * 1000

    @property
    def bucket(self) -> Bucket:
        """Return the bucket; its bounds belong to the nearer one."""
        return bucket_of(self.length_ms)

    @property
    def smallest_bar_s(self) -> int:
        """Return the shortest usual bar it may be forecast on, s."""
        return next(s for s in _TIMEFRAMES_S if self.seconds <= s * MOST_BARS)

    @property
    def largest_bar_s(self) -> float:
        """Return the longest bar it may be forecast on, s."""
        return self.seconds / LEAST_BARS

    def fits(self, step_ms: int) -> bool:
        """Return whether bars of ``step_ms`` may be used for it: neither too long nor too short."""
        n_bars, rest = divmod(self.length_ms, step_ms)
        return rest == 0 and LEAST_BARS <= n_bars <= MOST_BARS


HORIZONS: Final = (
    Horizon("5m", 5 * _MINUTE),
    Horizon("15m", 15 * _MINUTE),
    Horizon("30m", 30 * _MINUTE),
    Horizon("1h", _HOUR),
    Horizon("3h", 3 * _HOUR),
    Horizon("6h", 6 * _HOUR),
    Horizon("12h", 12 * _HOUR),
    Horizon("1d", _DAY),
    Horizon("3d", 3 * _DAY),
    Horizon("5d", 5 * _DAY),
    Horizon("1w", 7 * _DAY),
    Horizon("1mo", 30 * _DAY),
    Horizon("3mo", 90 * _DAY),
    Horizon("6mo", 180 * _DAY),
)
_BY_LABEL: Final = {horizon.label: horizon for horizon in HORIZONS}
_BY_MS: Final = {horizon.length_ms: horizon.label for horizon in HORIZONS}
ASKED: Final = ("30m", "6h", "3d")  # of every session, one a bucket, beside its policy's own


def bucket_of(length_ms: int) -> Bucket:
    """Return the bucket of a distance, also of one that has no name here."""
    if length_ms <= 30 * _MINUTE * 1000:
        return Bucket.SHORT
    return Bucket.MID if length_ms <= _DAY * 1000 else Bucket.LONG


def horizon_get(label: str) -> Horizon:
    """Return the horizon of that label.

    Raises:
        BadInputError: there is none; the message lists them.
    """
    horizon = _BY_LABEL.get(label)
    if horizon is None:
        known = ", ".join(_BY_LABEL)
        raise BadInputError(f"horizon was {label[:40]!r}; expected one of {known}")
    return horizon


def horizon_label(length_ms: int) -> str:
    """Return the label of a distance, else its length as timeframes are written (``35m``)."""
    return _BY_MS.get(length_ms) or length_name(length_ms)


def lengths_asked(labels: Iterable[str], step_ms: int, horizon_bars: int) -> tuple[int, ...]:
    """Return the distances, ms, a session asks for: its policy's, and those that fit its bars.

    Raises:
        BadInputError: a label names no horizon.
    """
    named = [horizon_get(label) for label in labels]
    lengths = {horizon.length_ms for horizon in named if horizon.fits(step_ms)}
    return tuple(sorted(lengths | {horizon_bars * step_ms}))
