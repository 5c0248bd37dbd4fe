"""Run the optimizer's benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings

from optimizer.bootstrap.candles import candles_file, candles_stored, swap_costs_file
from trading import bootstrap as trading
from trading.ports.candles import SeriesKey

_BENCH_SERIES: Final = SeriesKey("pulsex", "PDAI/DAI", "5m")


def evaluator_bench_run(
    *,
    candles: Path | None,
    swap_costs: Path | None,
    seed: int,
    has_peers: bool,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench evaluator`` on the given, else on the stored candles.

    Raises:
        BadInputError: a given file cannot be used.
        VenueUnavailableError: the peers' environment cannot be made.
    """
    from optimizer.adapters.peer_environment import PeerEnvironment
    from optimizer.services.bench.evaluator import evaluator_bench

    costs_path = swap_costs or settings.DATA_DIR / trading.SWAP_COST_FILE
    file = None
    if candles is not None:
        file = (*candles_file(candles), swap_costs_file(costs_path))
    elif trading.candle_store().info(_BENCH_SERIES) is not None and costs_path.is_file():
        key = _BENCH_SERIES
        stored = candles_stored(venue=key.venue, pair=key.pair, timeframe=key.timeframe)
        file = (*stored, swap_costs_file(costs_path))
    return evaluator_bench(
        file=file,
        peers=PeerEnvironment(settings.DATA_DIR / "bench", say) if has_peers else None,
        rng=np.random.default_rng(seed),
        cpu_clock=time.process_time,
        say=say,
    )
