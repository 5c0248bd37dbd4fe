"""Run the optimizer's benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings

from optimizer.bootstrap.candles import candles_file, candles_stored, swap_costs_file
from optimizer.services.bench.sweep import SweepPlan, sweep_bench
from trading.base.domain.errors import BadInputError
from trading.market import bootstrap as market
from trading.market.ports.candles import SeriesKey

_BENCH_SERIES: Final = SeriesKey("pulsex", "PDAI/DAI", "5m")


def evaluator_bench_run(
    *,
    candles: Path | None,
    swap_costs: Path | None,
    seed: int,
    has_peers: bool,
    rounds: int | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench evaluator`` on the given, else on the stored candles.

    Raises:
        BadInputError: a given file cannot be used.
        VenueUnavailableError: the peers' environment cannot be made.
    """
    from optimizer.adapters.peer_environment import PeerEnvironment
    from optimizer.services.bench.evaluator import ROUNDS, evaluator_bench

    costs_path = swap_costs or settings.DATA_DIR / market.SWAP_COST_FILE
    file = None
    if candles is not None:
        file = (*candles_file(candles), swap_costs_file(costs_path))
    elif market.candle_store().info(_BENCH_SERIES) is not None and costs_path.is_file():
        key = _BENCH_SERIES
        stored = candles_stored(venue=key.venue, pair=key.pair, timeframe=key.timeframe)
        file = (*stored, swap_costs_file(costs_path))
    return evaluator_bench(
        file=file,
        peers=PeerEnvironment(settings.DATA_DIR / "bench", say) if has_peers else None,
        rounds=rounds or ROUNDS,
        rng=np.random.default_rng(seed),
        cpu_clock=time.process_time,
        say=say,
    )


def sweep_bench_run(
    *,
    candles: Path | None,
    swap_costs: Path | None,
    plan: SweepPlan,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench sweep`` on the given, else on the stored candles.

    Raises:
        BadInputError: there are no candles or no swap costs.
        StudyProcessError: a study failed.
    """
    from optimizer.adapters.optimize_process import OptimizeProcess

    costs_path = swap_costs or settings.DATA_DIR / market.SWAP_COST_FILE
    if not costs_path.is_file():
        raise BadInputError(f"swap costs were {str(costs_path)!r}; there is no such file")
    key = _BENCH_SERIES
    if candles is None and market.candle_store().info(key) is None:
        raise BadInputError(f"no candles of {key} are stored; import them or give --candles-file")
    source = ["--venue", key.venue, "--pair", key.pair, "--timeframe", key.timeframe]
    if candles is not None:
        source = ["--candles-file", str(candles.absolute())]
    inputs = [*source, "--swap-costs", str(costs_path.absolute())]
    process = OptimizeProcess(
        settings.BASE_DIR, settings.DATA_DIR / "bench" / "sweep", settings.DATA_DIR / "candles"
    )
    return sweep_bench(
        run=lambda words, cores: process.run([*inputs, *words], cores),
        plan=plan,
        say=say,
    )
