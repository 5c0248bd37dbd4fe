from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pytest

from tests.fakes.candles import MemoryCandleStore
from tests.fakes.candles import series as stored_series
from tests.fakes.peers import FakePeer
from trading.base.domain.errors import InvariantError
from trading.desk.ports.peers import EnginePeer, EngineRun
from trading.desk.services.bench.beside import Beside
from trading.desk.services.bench.core import (
    PAIRS,
    TIMEFRAME,
    VENUE,
    Clocks,
    TimedRun,
    bench_series,
    core_bench,
    simulated_series,
)
from trading.desk.services.bench.core import figures as report
from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN, BarArrays
from trading.market.domain.series.door import bars_refused
from trading.market.ports.candles import SeriesKey


def run(*, cpu_s: float = 1.0, wall_s: float = 2.0, digest: str = "aa") -> TimedRun:
    return TimedRun(60_000, 180_000, digest, wall_s, cpu_s)


def figures(*runs: TimedRun, peer_cpu_s: tuple[float, ...] = ()) -> dict[str, Any]:
    """Return the report of these runs beside a peer that took so long for 30,000 bars."""
    peer = FakePeer([EngineRun(30_000, 12, 7, cpu_s, cpu_s) for cpu_s in peer_cpu_s])
    beside = Beside(peer if peer_cpu_s else None, lambda _text: None)
    beside.done = peer.planned
    return report(runs, beside=beside, source="test", n_bots=12)


def test_the_rate_is_the_best_run_per_cpu_second() -> None:
    found = figures(run(cpu_s=3.0), run(cpu_s=1.5, wall_s=4.0))
    assert found["pair_bars_per_cpu_second"] == 40_000.0
    assert found["pair_bars_per_second"] == 30_000.0
    assert (found["times_limit"], found["runs"]) == (2.0, 2)
    assert found["peers"] == {}


def test_of_the_ratios_to_a_peer_the_median_of_the_rounds_counts() -> None:
    found = figures(run(), run(cpu_s=2.0), run(), peer_cpu_s=(1.0, 1.0, 2.5))
    row = found["peers"]["slowpoke 1.0"]
    assert row["times_faster_rounds"] == [2.0, 1.0, 5.0]
    assert row["times_faster"] == 2.0
    assert row["bars_per_cpu_second"] == 30_000.0
    assert (row["bots"], row["fills"], row["note"]) == (12, 7, "made up for this test")


@pytest.mark.parametrize(
    ("cpu_s", "is_over_limit", "is_over_peer"),
    [(1.0, True, True), (2.0, True, True), (2.01, True, False), (3.0, True, False),
     (3.01, False, False)],
)  # fmt: skip
def test_targets_are_met_exactly_from_their_limit_on(
    cpu_s: float, is_over_limit: bool, is_over_peer: bool
) -> None:
    targets = figures(run(cpu_s=cpu_s), peer_cpu_s=(3.0,))["targets"]
    assert targets == {
        "20000_pair_bars_per_second": is_over_limit,
        "3_times_slowpoke": is_over_peer,
    }


def test_runs_that_decided_differently_are_no_measurement() -> None:
    with pytest.raises(InvariantError, match="aa, bb"):
        figures(run(digest="bb"), run())


def test_simulated_candles_are_possible_and_the_same_for_a_seed() -> None:
    one, again, other = (simulated_series(seed, 50) for seed in (7, 7, 8))
    assert tuple(one) == PAIRS
    for pair in PAIRS:
        assert bars_refused(one[pair].open_time, one[pair].values, 300_000) == []
        assert np.array_equal(one[pair].values, again[pair].values)
        assert not np.array_equal(one[pair].values, other[pair].values)
        assert one[pair].values[HIGH].min() > one[pair].values[LOW].min() > 0
        assert (one[pair].values[OPEN] != one[pair].values[CLOSE]).any()


def test_without_stored_candles_the_report_says_that_they_are_simulated() -> None:
    said: list[str] = []
    series, source = bench_series(MemoryCandleStore(), seed=7, say=said.append, n_bars=20)
    assert {len(bars) for bars in series.values()} == {20}
    assert source == "simulated market, seed 7"
    assert "simulating 20 bars" in said[0]


def test_of_stored_candles_the_newest_are_taken() -> None:
    store = MemoryCandleStore()
    for pair in PAIRS:
        store.replace(SeriesKey(VENUE, pair, TIMEFRAME), stored_series(30), source="test")
    series, source = bench_series(store, seed=7, say=pytest.fail, n_bars=20)
    assert source == "stored candles of bybit"
    newest = stored_series(30).open_time[10:].tolist()
    assert {pair: bars.open_time.tolist() for pair, bars in series.items()} == dict.fromkeys(
        PAIRS, newest
    )


@pytest.fixture(scope="module")
def short() -> dict[str, BarArrays]:
    return simulated_series(7, 400)


def bench(series: dict[str, BarArrays], peer: EnginePeer | None, said: list[str]) -> dict[str, Any]:
    """Return the figures of two runs, each of which takes four seconds, two of them of the CPU."""
    wall, cpu = count(step=4.0), count(step=2.0)
    return core_bench(
        series=series,
        source="test",
        runs=2,
        peer=peer,
        clocks=Clocks(lambda: float(next(wall)), lambda: float(next(cpu))),
        say=said.append,
    )


def test_the_bench_times_whole_replays_and_counts_every_decision(
    short: dict[str, BarArrays],
) -> None:
    found = bench(short, None, [])
    assert (found["pair_bars"], found["bots"], found["decisions"]) == (1600, 12, 4800)
    assert (found["pair_bars_per_cpu_second"], found["pair_bars_per_second"]) == (800.0, 400.0)
    assert len(found["digest"]) == 32


def test_the_peer_has_its_turn_after_each_of_ours_on_the_same_bars(
    short: dict[str, BarArrays],
) -> None:
    said: list[str] = []
    peer = FakePeer([EngineRun(1600, 12, 7, cpu_s, 9.0) for cpu_s in (4.0, 8.0)])
    found = bench(short, peer, said)
    assert [text.partition(",")[0] for text in said] == ["core", "slowpoke 1.0"] * 2
    assert (peer.seen, peer.is_stopped) == ((tuple(short), 300_000), True)
    assert found["peers"]["slowpoke 1.0"]["times_faster_rounds"] == [2.0, 4.0]


@pytest.mark.parametrize("n_runs", [None, 0, 1])
def test_a_peer_that_fails_says_why_and_ours_is_measured_all_the_same(
    short: dict[str, BarArrays], n_runs: int | None
) -> None:
    said: list[str] = []
    done = [] if n_runs is None else [EngineRun(1600, 12, 7, 4.0, 9.0)] * n_runs
    found = bench(short, FakePeer(done, is_installed=n_runs is not None), said)
    assert found["runs"] == 2
    assert found["peers"] == {"slowpoke 1.0": {"reason": "no such package"}}
    assert found["targets"]["3_times_slowpoke"] is None
    assert said.count("slowpoke 1.0 is not measured: no such package") == 1
