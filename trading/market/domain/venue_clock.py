"""Estimate a venue's time from what its answers say, against the host's monotonic clock.

An answer that says "it is T" was written between the sending of the question and the arrival of
the answer, so it bounds the distance between the two clocks from both sides. The bounds of several
answers are intersected, which finds the truth below the resolution of a header that counts whole
seconds. The host's wall clock is never used: it may be wrong, and it may be set while we look.

Source: Cristian's algorithm (Probabilistic clock synchronization, 1989), with Marzullo's
intersection of intervals.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SAMPLES_KEPT: Final = 32
SAMPLE_LIFE_S: Final = 900.0
EARLIEST_MS: Final = 1_231_006_505_000  # no venue is older than the first block; seconds are not ms
LATEST_MS: Final = 4_102_444_800_000  # the year 2100; microseconds are not ms either
CONFIRMED_AFTER_S: Final = 2.0  # a clock that was set goes on by then, a cached answer stands still
_DRIFT: Final = 1e-4  # clocks of machines part by less than this share of the time that passes


class TimeSource(StrEnum):
    """Where a venue's time was read."""

    NONE = "none"  # the venue tells no time: the host's clock stands in
    HEADER = "header"  # the Date header of its answers
    ENDPOINT = "endpoint"  # its own time call


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How far the venue's clock is from the host's monotonic one, in milliseconds.

    Attributes:
        low: the venue's time minus the host's is at least this.
        high: and at most this.
        source: what told it.
    """

    low: float
    high: float
    source: TimeSource


@dataclass(frozen=True, slots=True)
class VenueTime:
    """What time it is at a venue.

    Attributes:
        now_ms: ms UTC, the earliest it can be: a bar that closed by it has closed.
        error_ms: how much later it may be.
        skew_ms: host minus venue, the middle of what is possible; 0 when no time was told.
        source: what told it.
    """

    now_ms: int
    error_ms: float
    skew_ms: float
    source: TimeSource


class VenueClock:
    """Bounds of one venue's clock; call ``note`` for each answer that tells the time."""

    def __init__(self) -> None:
        self._samples: dict[TimeSource, deque[tuple[float, float, float]]] = {
            TimeSource.ENDPOINT: deque(maxlen=SAMPLES_KEPT),
            TimeSource.HEADER: deque(maxlen=SAMPLES_KEPT),
        }
        self._doubts: dict[TimeSource, tuple[float, float, float]] = {}

    def note(
        self,
        source: TimeSource,
        *,
        sent_s: float,
        received_s: float,
        venue_ms: float,
        width_ms: float,
    ) -> None:
        """Take one answer in; a time at which no venue can be is none.

        Args:
            source: what told the time.
            sent_s: monotonic seconds when the question left.
            received_s: monotonic seconds when the answer was here.
            venue_ms: what it said, ms UTC, rounded down to its resolution.
            width_ms: that resolution.
        """
        if not EARLIEST_MS <= venue_ms <= LATEST_MS:
            return
        low = venue_ms - received_s * 1000
        high = venue_ms + width_ms - sent_s * 1000
        sample = (received_s, low, high)
        samples, doubt = self._samples[source], self._doubts.pop(source, None)
        if all(_agree(sample, known) for known in self._aged(source, received_s)):
            samples.append(sample)
        elif doubt is None or not _agree(sample, doubt):
            self._doubts[source] = sample  # one odd answer moves nothing
        elif received_s - doubt[0] < CONFIRMED_AFTER_S:
            self._doubts[source] = doubt  # nor do several of one moment
        else:
            # told twice: one of the clocks was set, or the machine slept
            samples.clear()
            samples.extend((doubt, sample))

    def reading(self, now_s: float) -> ClockReading | None:
        """Return the bounds now, of the better source that has spoken; None when none has."""
        for source in (TimeSource.ENDPOINT, TimeSource.HEADER):
            bounds = self._aged(source, now_s)
            if bounds:
                low = max(lower for _, lower, _ in bounds)
                high = min(upper for _, _, upper in bounds)
                middle = (low + high) / 2
                return ClockReading(min(low, middle), max(high, middle), source)
        return None

    def time(self, *, now_s: float, host_ms: int) -> VenueTime:
        """Return the venue's time; the host's where the venue told none.

        Args:
            now_s: the host's monotonic clock.
            host_ms: the host's wall clock, ms UTC.
        """
        reading = self.reading(now_s)
        if reading is None:
            return VenueTime(host_ms, 0.0, 0.0, TimeSource.NONE)
        earliest, error = now_s * 1000 + reading.low, reading.high - reading.low
        skew = host_ms - earliest - error / 2
        return VenueTime(int(earliest), error, skew, reading.source)

    def _aged(self, source: TimeSource, now_s: float) -> list[tuple[float, float, float]]:
        aged = []
        for at, low, high in self._samples[source]:
            age = max(0.0, now_s - at)
            if age <= SAMPLE_LIFE_S:
                drift = age * 1000 * _DRIFT
                aged.append((at, low - drift, high + drift))
        return aged


def _agree(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    return one[1] <= other[2] and other[1] <= one[2]
