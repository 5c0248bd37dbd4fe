from __future__ import annotations

from guardian.management.bench_tables import core_lines
from tests.fakes.peers import FakePeer
from trading.base.domain.errors import VenueUnavailableError
from trading.desk.ports.peers import EngineRun
from trading.desk.services.bench.beside import Beside
from trading.desk.services.bench.core import TimedRun, figures

OURS = [TimedRun(60_000, 180_000, "aa", 2.0, 1.5)]


def test_the_core_stands_beside_its_limit_and_its_peer() -> None:
    beside = Beside(FakePeer([]), print)
    beside.done = [EngineRun(30_000, 12, 2_345, 3.0, 9.0)]
    found = figures(OURS, beside=beside, source="test", n_bots=12)
    assert list(core_lines(found)) == [
        "decision core, 60,000 pair-bars, 12 bots, test: best of 1 runs",
        "  pair-bars per CPU second             40,000",
        "  pair-bars per wall second            30,000",
        "  limit                                20,000, ours is 2.0 times that",
        "  slowpoke 1.0                         10,000, ours is 4.0 times that (rounds 4.0)",
        "    12 bots, 2,345 fills; made up for this test",
        "20000_pair_bars_per_second: met",
        "3_times_slowpoke: met",
    ]


def test_of_a_peer_that_cannot_run_the_reason_is_shown() -> None:
    beside = Beside(FakePeer([]), lambda _text: None)
    beside.fail(VenueUnavailableError("pip found no such package"))
    lines = list(core_lines(figures(OURS, beside=beside, source="test", n_bots=12)))
    assert lines[-3:] == [
        "  slowpoke 1.0                     not measured: pip found no such package",
        "20000_pair_bars_per_second: met",
        "3_times_slowpoke: not measured",
    ]
