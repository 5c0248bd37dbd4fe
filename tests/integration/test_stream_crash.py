"""Kill the real stream process at random moments: the log ends up as if nobody had."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading.market.domain.series.turns import turn_key
from trading.market.domain.simulated.market import MarketState, SimulatedMarket

REPOSITORY = Path(__file__).resolve().parents[2]
PAIRS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
STEP = 300_000
CREATE = """
import django; django.setup()
from trading.base.adapters.system_clock import SystemClock
from trading.market.services.stream.feeds import feed_create
feed_create(kind="simulated", venue="simulated", timeframe="5m",
            pairs=["BTC/USDT", "ETH/USDT", "SOL/USDT"], name="s", clock=SystemClock(),
            params={"seed": 5, "bar_seconds": 0.002, "history_bars": 20, "epoch_ms": 0})
"""


class Desk:
    """A data folder with one simulated feed, and its stream process."""

    def __init__(self, folder: Path, migrated: Path) -> None:
        self.database = folder / "desk.sqlite3"
        self.environment = {
            name: value for name, value in os.environ.items() if name != "REDIS_URL"
        } | {
            "GUARDIAN_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PYTHONPATH": str(REPOSITORY),
        }
        self.started: list[subprocess.Popen[bytes]] = []
        shutil.copy(migrated, self.database)
        self._run("-c", CREATE)

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, *arguments], cwd=REPOSITORY, env=self.environment, check=True
        )

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "stream"],
            cwd=REPOSITORY,
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        self.started.append(process)
        return process

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.database, timeout=10) as connection:
            found = connection.execute(sql).fetchall()
        connection.close()
        return found

    def last_seq(self) -> int:
        return int(str(self.rows("SELECT last_seq FROM market_feed")[0][0]))

    def wait_for_growth(self, process: subprocess.Popen[bytes]) -> None:
        before, until = self.last_seq(), time.monotonic() + 60
        while self.last_seq() == before:
            assert process.poll() is None, "the stream ended by itself"
            assert time.monotonic() < until, "the stream wrote nothing"
            time.sleep(0.005)

    def check(self) -> None:
        """Compare the whole log with the market it should hold."""
        written = self.rows(
            "SELECT seq, pair, n, open_time, open, high, low, close, volume FROM market_streambar"
            " ORDER BY seq"
        )
        market = SimulatedMarket(seed=5, pairs=PAIRS, epoch_ms=0, step_ms=STEP)
        state, expected = market.start(), []
        for i in range(len(written) // len(PAIRS)):
            state, bars = market.step(state)
            bars.sort(key=lambda of: turn_key(of[1]))
            expected += [
                (len(expected) + k + 1, pair, i + 1, b.open_time, b.open, b.high, b.low, b.close,
                 b.volume)
                for k, (pair, b) in enumerate(bars)
            ]  # fmt: skip
        assert written == expected
        last_seq, position = self.rows("SELECT last_seq, position FROM market_feed")[0]
        assert last_seq == len(written)
        assert MarketState.load(json.loads(str(position))) == state


@pytest.fixture
def desk(tmp_path: Path, migrated: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, migrated)
    yield made
    for process in made.started:  # a test that failed left one running
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(600)  # seven processes import the desk one after another
def test_a_stream_killed_at_random_moments_loses_and_repeats_nothing(desk: Desk) -> None:
    rng = random.Random(11)
    for _ in range(6):
        process = desk.start()
        desk.wait_for_growth(process)
        time.sleep(rng.uniform(0.0, 0.3))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        desk.check()
    assert desk.last_seq() > 200


@pytest.mark.slow
def test_a_stream_asked_to_stop_ends_in_good_order(desk: Desk) -> None:
    process = desk.start()
    desk.wait_for_growth(process)
    process.terminate()
    assert process.wait(timeout=20) == 0
    desk.check()
