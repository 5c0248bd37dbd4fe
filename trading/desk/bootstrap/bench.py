"""Run the benchmark of the decision core."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from trading.market.bootstrap import candle_store


def core_bench_run(
    *, seed: int, has_peers: bool, rounds: int | None, say: Callable[[str], None]
) -> dict[str, Any]:
    """Return the figures of ``bench core`` on the stored candles, else on simulated ones."""
    from trading.desk.adapters.engine_peer import NautilusPeer
    from trading.desk.services.bench.core import RUNS, Clocks, bench_series, core_bench

    series, source = bench_series(candle_store(), seed=seed, say=say)
    return core_bench(
        series=series,
        source=source,
        runs=rounds or RUNS,
        peer=NautilusPeer(settings.DATA_DIR / "bench", say) if has_peers else None,
        clocks=Clocks(time.perf_counter, time.process_time),
        say=say,
    )
