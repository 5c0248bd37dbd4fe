from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from tests.fakes.candles import MemoryCandleStore
from tests.fakes.candles import series as stored_series
from trading.base.domain.errors import InvariantError
from trading.desk.services.bench.core import (
    PAIRS,
    TIMEFRAME,
    VENUE,
    PublishedRate,
    TimedRun,
    bench_series,
    core_bench,
    figures,
    simulated_series,
)
from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN
from trading.market.domain.series.door import bars_refused
from trading.market.ports.candles import SeriesKey

PEER = PublishedRate("slowpoke", 1000, (0.1, 0.2), "made up for this test")


def run(*, cpu_s: float = 1.0, wall_s: float = 2.0, digest: str = "aa") -> TimedRun:
    return TimedRun(60_000, 180_000, digest, wall_s, cpu_s)


def test_the_rate_is_the_best_run_per_cpu_second() -> None:
    found = figures([run(cpu_s=3.0), run(cpu_s=1.5, wall_s=4.0)], source="test", n_bots=12)
    assert found["pair_bars_per_cpu_second"] == 40_000.0
    assert found["pair_bars_per_second"] == 30_000.0
    assert (found["times_limit"], found["runs"]) == (2.0, 2)


def test_a_peers_seconds_become_bars_per_second_and_the_ratio_to_both_ends() -> None:
    row = figures([run()], source="test", n_bots=12, peer=PEER)["peers"]["slowpoke"]
    assert row["bars_per_second"] == [5_000, 10_000]
    assert row["times_faster"] == [6.0, 12.0]
    assert row["note"] == "made up for this test"


@pytest.mark.parametrize(
    ("cpu_s", "is_over_limit", "is_over_peer"),
    [(1.0, True, True), (2.0, True, True), (2.01, True, False), (3.0, True, False),
     (3.01, False, False)],
)  # fmt: skip
def test_targets_are_met_exactly_from_their_limit_on(
    cpu_s: float, is_over_limit: bool, is_over_peer: bool
) -> None:
    targets = figures([run(cpu_s=cpu_s)], source="test", n_bots=12, peer=PEER)["targets"]
    assert list(targets.values()) == [is_over_limit, is_over_peer]


def test_runs_that_decided_differently_are_no_measurement() -> None:
    with pytest.raises(InvariantError, match="aa, bb"):
        figures([run(digest="bb"), run()], source="test", n_bots=12)


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


def test_the_bench_times_whole_replays_and_counts_every_decision() -> None:
    series = simulated_series(7, 400)
    wall, cpu = count(step=4.0), count(step=2.0)
    found = core_bench(
        series=series,
        source="test",
        runs=2,
        wall_clock=lambda: float(next(wall)),
        cpu_clock=lambda: float(next(cpu)),
        say=lambda _text: None,
    )
    assert (found["pair_bars"], found["bots"], found["decisions"]) == (1600, 12, 4800)
    assert (found["pair_bars_per_cpu_second"], found["pair_bars_per_second"]) == (800.0, 400.0)
    assert len(found["digest"]) == 32
