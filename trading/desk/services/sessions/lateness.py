"""Tell a session that follows a venue how late it reads, and when the host's clock is not to trust.

Both are facts from outside, recorded as inputs before the bars they are about, so that
verification decides the same. Ages are counted by the venue's clock; only what must be known is
recorded: a session that keeps up has no such inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.state import DeskState
from trading.desk.selectors.feeds import SKEW_LIMIT_S
from trading.market.domain.freshness import age_limit_s, bar_age_s
from trading.market.models import Feed, StreamBar

_TRUSTED_AGAIN: Final = 0.8  # share of the limit; clocks at its edge would come and go

Telling = tuple[FactKind, dict[str, Any]]


def lateness_tell(
    state: DeskState, feed_id: int, bars: Sequence[StreamBar], host_ms: int
) -> Iterator[Telling]:
    """Yield the inputs that must count before ``bars``, read when the host's clock said so."""
    if not bars:
        return
    skew_ms, params = Feed.objects.values_list("clock_skew_ms", "params").get(pk=feed_id)
    skew_s = (skew_ms or 0.0) / 1000
    yield from _clock(state, skew_s, float(params.get("skew_limit_s", SKEW_LIMIT_S)))
    now_ms, risk = round(host_ms - skew_s * 1000), state.policy.risk
    limit_s = age_limit_s(state.step_ms, risk.max_bar_age_bars, risk.max_bar_age_s)
    late = [
        bar.seq
        for bar in bars
        if bar.seq > state.stale_through_seq
        and bar_age_s(bar.open_time + state.step_ms, now_ms) > limit_s
    ]
    if late:
        kind = FactKind.CATCH_UP
        yield kind, {"through_seq": max(late), "now_ms": now_ms}


def _clock(state: DeskState, skew_s: float, limit_s: float) -> Iterator[Telling]:
    kind = FactKind.CLOCK
    if not state.clock_skew_s and abs(skew_s) > limit_s:
        yield kind, {"skew_s": round(skew_s, 3), "limit_s": limit_s}
    elif state.clock_skew_s and abs(skew_s) <= _TRUSTED_AGAIN * limit_s:
        yield kind, {"skew_s": 0.0, "limit_s": limit_s}
