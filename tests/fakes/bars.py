"""What every test asks of a bar."""

from __future__ import annotations

from trading.market.domain.bars import Bar
from trading.market.domain.series.door import bars_from, bars_refused


def assert_possible(bar: Bar, step_ms: int) -> None:
    """Fail when the door would set the bar aside."""
    one = bars_from([bar])
    assert bars_refused(one.open_time, one.values, step_ms) == []
