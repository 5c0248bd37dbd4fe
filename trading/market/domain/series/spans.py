"""Say of which times something is known: sorted, disjoint, half-open spans in ms UTC."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from trading.market.domain.bars import IntArray

Span = tuple[int, int]


def spans_join(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same times as few spans, empty ones dropped."""
    joined: list[Span] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return tuple(joined)


def spans_left(whole: Span, known: Iterable[Span]) -> list[Span]:
    """Return what of ``whole`` is in none of the known spans, oldest first."""
    left, at = [], whole[0]
    for start, stop in spans_join(known):
        if start >= whole[1]:
            break
        if start > at:
            left.append((at, start))
        at = max(at, stop)
    return [*left, (at, whole[1])] if at < whole[1] else left


def spans_of(open_time: IntArray, step_ms: int) -> tuple[Span, ...]:
    """Return the spans that bars cover which follow each other without a hole."""
    if not open_time.shape[0]:
        return ()
    ends = np.flatnonzero(np.diff(open_time) != step_ms)
    starts = open_time[np.concatenate(([0], ends + 1))].tolist()
    stops = (open_time[np.append(ends, open_time.shape[0] - 1)] + step_ms).tolist()
    return tuple(zip(starts, stops, strict=True))
