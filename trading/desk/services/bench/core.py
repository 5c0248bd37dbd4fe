"""How many pair-bars a second the decision core takes, beside the limit and a named peer.

One process runs the replay of 90 days of four pairs with three bots each, every record packed and
chained into the digest as a session does it; rows are not written. A pair-bar is one closed bar of
one pair with all its bots. The rate held against limit and peer is that of a CPU second, so that a
busy neighbour changes little: on an idle machine it is the wall rate, which stands beside it. The
peer sees the same bars with as many bots, by turns with ours in the same run; of the ratios the
median counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.desk.domain.config import DeskConfig
from trading.desk.ports.peers import EnginePeer
from trading.desk.services.bench.beside import Beside, measured_beside
from trading.desk.services.journal.replay import replay_run
from trading.desk.services.sessions.blueprint import blueprint_make, kernels_compile
from trading.market.domain.bars import BarArrays, BarFlag
from trading.market.domain.simulated.market import SimulatedMarket
from trading.market.domain.timeframes import MS_PER_DAY, timeframe_ms
from trading.market.ports.candles import CandleStore, SeriesKey

PAIRS: Final = ("BNB/USDT", "BTC/USDT", "ETH/USDT", "SOL/USDT")
VENUE: Final = "bybit"
TIMEFRAME: Final = "5m"
N_BARS: Final = 90 * MS_PER_DAY // timeframe_ms(TIMEFRAME)
RUNS: Final = 5
LIMIT_PER_SECOND: Final = 20_000.0
TARGET_TIMES_PEER: Final = 3.0  # median of the rounds
_EPOCH_MS: Final = 1_735_689_600_000  # 2025-01-01 UTC


class Clocks(NamedTuple):
    """Seconds: those that pass, and those of this process's CPU time."""

    wall: Callable[[], float]
    cpu: Callable[[], float]


@dataclass(frozen=True, slots=True)
class TimedRun:
    """One replay: pair-bars, decisions, and what they took in seconds."""

    bars: int
    decisions: int
    digest: str
    wall_s: float
    cpu_s: float


def bench_series(
    store: CandleStore, *, seed: int, say: Callable[[str], None], n_bars: int = N_BARS
) -> tuple[dict[str, BarArrays], str]:
    """Return the newest of the stored candles, else simulated ones, and what they are."""
    keys = [SeriesKey(VENUE, pair, TIMEFRAME) for pair in PAIRS]
    if all(store.info(key) is not None for key in keys):
        series = {key.pair: _newest(store.load(key), n_bars) for key in keys}
        return series, f"stored candles of {VENUE}"
    say(f"the candles of {VENUE} are not stored; simulating {n_bars:,} bars of {len(PAIRS)} pairs")
    return simulated_series(seed, n_bars), f"simulated market, seed {seed}"


def _newest(bars: BarArrays, n: int) -> BarArrays:
    return bars.slice(max(0, len(bars) - n), len(bars))


def simulated_series(seed: int, n_bars: int) -> dict[str, BarArrays]:
    """Return ``n_bars`` of the simulated market for every pair of the benchmark."""
    step_ms = timeframe_ms(TIMEFRAME)
    market = SimulatedMarket(seed=seed, pairs=PAIRS, epoch_ms=_EPOCH_MS, step_ms=step_ms)
    _, values = market.block(market.start(), n_bars)
    times = _EPOCH_MS + step_ms * np.arange(n_bars, dtype=np.int64)
    flags = np.full(n_bars, int(BarFlag.NONE), dtype=np.uint8)
    bars = [BarArrays(times, of_pair, flags) for of_pair in values]
    return dict(zip(market.pairs, bars, strict=True))


def core_bench(
    *,
    series: Mapping[str, BarArrays],
    source: str,
    runs: int,
    peer: EnginePeer | None,
    clocks: Clocks,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench core`` over ``series`` (by pair).

    Args:
        series: candles of ``PAIRS``.
        source: where they come from, for the report.
        runs: how often the whole replay is timed, at least 1; the peer by turns with it.
        peer: None leaves it out. One that cannot run costs nothing else, and says why.
        clocks: of this process.
        say: told what is measured next.

    Raises:
        InvariantError: two runs made different decisions.
    """
    blueprint = blueprint_make(
        config=DeskConfig(),
        venue=VENUE,
        pairs=list(series),
        timeframe=TIMEFRAME,
        swap_cost_entries=None,
    )
    kernels_compile(blueprint)
    n_bars = sum(len(bars) for bars in series.values())
    timed = []
    with measured_beside(peer, series, step_ms=timeframe_ms(TIMEFRAME), say=say) as beside:
        for n in range(1, runs + 1):
            say(f"core, run {n} of {runs}, {n_bars:,} pair-bars")
            wall, cpu = clocks.wall(), clocks.cpu()
            report = replay_run(blueprint=blueprint, series=series)
            wall, cpu = clocks.wall() - wall, clocks.cpu() - cpu
            timed.append(TimedRun(report.bars, report.decisions, report.digest, wall, cpu))
            beside.measure()
    return figures(timed, beside=beside, source=source, n_bots=len(blueprint["bots"]))


def figures(
    runs: Sequence[TimedRun], *, beside: Beside, source: str, n_bots: int
) -> dict[str, Any]:
    """Return the report of the timed runs: ours the best, the ratio to a peer the median.

    Raises:
        InvariantError: two runs made different decisions.
    """
    digests = sorted({run.digest for run in runs})
    if len(digests) != 1:
        raise InvariantError(f"runs over the same bars had the digests {', '.join(digests)}")
    rates = [run.bars / run.cpu_s for run in runs]
    best, peer = max(rates), beside.figures(rates)
    targets: dict[str, bool | None] = {
        f"{LIMIT_PER_SECOND:.0f}_pair_bars_per_second": best >= LIMIT_PER_SECOND
    }
    for name, row in peer.items():
        key = f"{TARGET_TIMES_PEER:g}_times_{name.partition(' ')[0]}"
        times = row.get("times_faster")
        targets[key] = None if times is None else times >= TARGET_TIMES_PEER
    return {
        "bench": "core",
        "source": source,
        "pair_bars": runs[0].bars,
        "bots": n_bots,
        "decisions": runs[0].decisions,
        "digest": digests[0],
        "runs": len(runs),
        "pair_bars_per_cpu_second": round(best, 1),
        "pair_bars_per_second": round(max(run.bars / run.wall_s for run in runs), 1),
        "limit_per_second": LIMIT_PER_SECOND,
        "times_limit": round(best / LIMIT_PER_SECOND, 2),
        "peers": peer,
        "targets": targets,
    }
