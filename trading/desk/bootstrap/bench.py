"""Run the benchmark of the decision core."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from trading.market.bootstrap import candle_store


def core_bench_run(*, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures of ``bench core`` on the stored candles, else on simulated ones."""
    from trading.desk.services.bench.core import RUNS, bench_series, core_bench

    series, source = bench_series(candle_store(), seed=seed, say=say)
    return core_bench(
        series=series,
        source=source,
        runs=RUNS,
        wall_clock=time.perf_counter,
        cpu_clock=time.process_time,
        say=say,
    )
