"""How many pair-bars a second the decision core takes, beside the limit and a named peer.

One process runs the replay of 90 days of four pairs with three bots each, every record packed and
chained into the digest as a session does it; rows are not written. A pair-bar is one closed bar of
one pair with all its bots. The rate held against limit and peer is that of a CPU second, so that a
busy neighbour changes little: on an idle machine it is the wall rate, which stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.desk.domain.config import DeskConfig
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
TARGET_TIMES_PEER: Final = 3.0
_EPOCH_MS: Final = 1_735_689_600_000  # 2025-01-01 UTC
Clock = Callable[[], float]  # seconds


@dataclass(frozen=True, slots=True)
class PublishedRate:
    """What a peer was measured at elsewhere: ``bars`` took between the two ``seconds``."""

    peer: str
    bars: int
    seconds: tuple[float, float]
    note: str

    @property
    def per_second(self) -> tuple[float, float]:
        """Return bars per second, slowest and fastest."""
        fast, slow = self.seconds
        return self.bars / slow, self.bars / fast


NAUTILUS: Final = PublishedRate(
    "nautilus_trader",
    210_240,
    (18.0, 28.0),
    "published figure, not measured here: one strategy on one instrument, two-core machine",
)


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
    wall_clock: Clock,
    cpu_clock: Clock,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench core`` over ``series`` (by pair), best of ``runs``.

    Args:
        series: candles of ``PAIRS``.
        source: where they come from, for the report.
        runs: how often the whole replay is timed, at least 1.
        wall_clock: seconds that pass.
        cpu_clock: CPU seconds of this process.
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
    timed = []
    for n in range(1, runs + 1):
        say(f"core, run {n} of {runs}, {sum(len(bars) for bars in series.values()):,} pair-bars")
        wall, cpu = wall_clock(), cpu_clock()
        report = replay_run(blueprint=blueprint, series=series)
        wall, cpu = wall_clock() - wall, cpu_clock() - cpu
        timed.append(TimedRun(report.bars, report.decisions, report.digest, wall, cpu))
    return figures(timed, source=source, n_bots=len(blueprint["bots"]))


def figures(
    runs: Sequence[TimedRun], *, source: str, n_bots: int, peer: PublishedRate = NAUTILUS
) -> dict[str, Any]:
    """Return the report of the timed runs.

    Raises:
        InvariantError: two runs made different decisions.
    """
    digests = sorted({run.digest for run in runs})
    if len(digests) != 1:
        raise InvariantError(f"runs over the same bars had the digests {', '.join(digests)}")
    best = max(run.bars / run.cpu_s for run in runs)
    slowest, fastest = peer.per_second
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
        "peers": {
            peer.peer: {
                "bars_per_second": [round(slowest), round(fastest)],
                "times_faster": [round(best / fastest, 2), round(best / slowest, 2)],
                "note": peer.note,
            }
        },
        "targets": {
            f"{LIMIT_PER_SECOND:.0f}_pair_bars_per_second": best >= LIMIT_PER_SECOND,
            f"{TARGET_TIMES_PEER:g}_times_{peer.peer}": best >= TARGET_TIMES_PEER * fastest,
        },
    }
