"""Build feeds with bars for session tests: seeded random walks with enough movement to trade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tests.fakes.clock import FakeClock
from trading.desk.domain.config import DeskConfig
from trading.desk.models import DeskSession, Mode
from trading.desk.services.config.overrides import current_config
from trading.desk.services.journal.replay import bar_times
from trading.desk.services.sessions.blueprint import blueprint_make
from trading.desk.services.sessions.opening import session_create
from trading.market.domain.bars import Bar, BarArrays
from trading.market.models import Feed, StreamBar

STEP_MS = 300_000
FIRST = 1_750_000_200_000 // STEP_MS * STEP_MS
START = datetime(2025, 6, 15, tzinfo=UTC)
PAIRS = ("AAA/USDT", "BBB/USDT")


def in_order(series: dict[str, BarArrays]) -> Iterator[tuple[str, Bar]]:
    """Yield the bars of all pairs as a feed publishes them."""
    for time in bar_times(series):
        yield from time.bars


def random_walk(n: int, seed: int) -> BarArrays:
    """Return n bars that drift, reverse and jump, so that every strategy trades now and then."""
    rng = np.random.default_rng(seed)
    regime = np.repeat(rng.normal(0, 0.0012, n // 40 + 1), 40)[:n]
    returns = rng.normal(0, 0.003, n) + regime
    close = 100 * np.exp(np.cumsum(returns))
    open_ = np.concatenate([[100.0], close[:-1]])
    spread = np.abs(rng.normal(0, 0.002, (2, n)))
    high = np.maximum(open_, close) * (1 + spread[0])
    low = np.minimum(open_, close) * (1 - spread[1])
    volume = rng.uniform(50, 5_000, n)
    times = FIRST + STEP_MS * np.arange(n, dtype=np.int64)
    values = np.ascontiguousarray([open_, high, low, close, volume])
    return BarArrays(times, values, np.zeros(n, np.uint8))


def series(n: int = 600, seed: int = 1, pairs: Sequence[str] = PAIRS) -> dict[str, BarArrays]:
    """Return one random walk per pair."""
    return {pair: random_walk(n, seed * 100 + i) for i, pair in enumerate(pairs)}


def blueprint(
    pairs: Sequence[str] = PAIRS,
    config: DeskConfig | None = None,
    swap_costs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the start of a ghost session on these pairs; with swap costs they are pools."""
    return blueprint_make(
        config=config or DeskConfig(),
        venue="pulsex" if swap_costs else "test",
        pairs=list(pairs),
        timeframe="5m",
        swap_cost_entries=swap_costs,
    )


def publish(feed: Feed, bars: dict[str, BarArrays], *, is_finished: bool = True) -> None:
    """Write the bars as the stream process would."""
    counts = {pair: feed.bars.filter(pair=pair).count() for pair in bars}
    rows = []
    for seq, (pair, bar) in enumerate(in_order(bars), start=feed.last_seq + 1):
        counts[pair] += 1
        rows.append(
            StreamBar(
                feed=feed,
                seq=seq,
                pair=pair,
                n=counts[pair],
                open_time=bar.open_time,
                open=bar.open,
                high=bar.high,
                low=bar.low,
                close=bar.close,
                volume=bar.volume,
                flags=bar.flags,
            )
        )
    StreamBar.objects.bulk_create(rows, batch_size=500)
    feed.last_seq += len(rows)
    feed.status = Feed.Status.FINISHED if is_finished else Feed.Status.RUNNING
    feed.save()


def open_session(
    bars: dict[str, BarArrays],
    name: str = "test",
    *,
    is_finished: bool = True,
    config: DeskConfig | None = None,
    swap_costs: Mapping[str, Any] | None = None,
) -> DeskSession:
    """Create feed, bars and one ghost session that nobody runs yet."""
    feed = Feed.objects.create(
        name=name, kind="replay", venue="pulsex" if swap_costs else "test", timeframe="5m",
        pairs=sorted(bars), created_at=START,
    )  # fmt: skip
    publish(feed, bars, is_finished=is_finished)
    start = blueprint(tuple(bars), config or current_config().config, swap_costs)
    return session_create(feed, 0, Mode.GHOST, start, FakeClock(int(START.timestamp() * 1000)))
