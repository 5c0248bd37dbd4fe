"""Show a stored bar while it is not over yet, for the eye only; decisions never see this.

The order of prices inside a recorded bar is not known. The path shown is the customary guess: a
rising bar visits its low first, a falling one its high.
"""

from __future__ import annotations

import numpy as np

from trading.market.domain.bars import Bar


def bar_forming(bar: Bar, fraction: float) -> Bar:
    """Return ``bar`` as it may have looked after ``fraction`` (0 to 1) of its time."""
    if fraction >= 1:
        return bar
    turns = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    corners = (bar.open, *turns, bar.close)
    times = (0.0, 0.3, 0.7, 1.0)
    now = float(np.interp(max(fraction, 0.0), times, corners))
    seen = [price for time, price in zip(times, corners, strict=True) if time <= fraction] + [now]
    return Bar(
        bar.open_time,
        bar.open,
        max(bar.open, *seen),
        min(bar.open, *seen),
        now,
        bar.volume * max(fraction, 0.0),
        bar.flags,
    )
