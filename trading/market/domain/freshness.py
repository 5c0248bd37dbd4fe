"""How old a bar of a followed venue is, and how old it may be for an entry.

One rule for the gate, the journal and the pages: what a page calls blocked is what the gate would
refuse. Times are the venue's, because its clock closes the bars. A bar that is longer than its own
length past its close is no longer the newest one there is.
"""

from __future__ import annotations

from typing import Final

MS_PER_S: Final = 1000.0


def bar_age_s(close_time: int, now_ms: int) -> float:
    """Return how long ago a bar closed, 0 for one that is not over yet; both in ms UTC."""
    return max(0, now_ms - close_time) / MS_PER_S


def age_limit_s(step_ms: int, most_bars: float, most_s: float) -> float:
    """Return the oldest an entry's bar may be: so many of its own bars, and never more seconds."""
    return min(most_bars * step_ms / MS_PER_S, most_s)


def overdue_s(last_close: int, step_ms: int, now_ms: int) -> float:
    """Return how old the bar after the last one would be if it came now, 0 until it closes."""
    return bar_age_s(last_close + step_ms, now_ms)
