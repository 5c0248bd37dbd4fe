from __future__ import annotations

from guardian.management.bench_tables import core_lines
from trading.desk.services.bench.core import PublishedRate, TimedRun, figures

PEER = PublishedRate("slowpoke", 1000, (0.1, 0.2), "made up for this test")


def test_the_core_stands_beside_its_limit_and_its_peer() -> None:
    found = figures(
        [TimedRun(60_000, 180_000, "aa", 2.0, 1.5)], source="test", n_bots=12, peer=PEER
    )
    assert list(core_lines(found)) == [
        "decision core, 60,000 pair-bars, 12 bots, test: best of 1 runs",
        "  pair-bars per CPU second             40,000",
        "  pair-bars per wall second            30,000",
        "  limit                                20,000, ours is 2.0 times that",
        "  slowpoke                         5,000 to 10,000 bars per second,"
        " ours is 4.0 to 8.0 times that",
        "    made up for this test",
        "20000_pair_bars_per_second: met",
        "3_times_slowpoke: met",
    ]
