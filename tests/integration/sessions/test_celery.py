"""A session in a real Celery worker, whose processes and whose Redis are killed while it runs.

Bars arrive over a second or so while pool processes, the whole worker and Redis are killed with
SIGKILL; a loop in place of beat enqueues the session whenever nobody holds it. The rows must be
those of a run in peace, and every decision must verify.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from celery import Celery
from django.db import connection

from tests.conftest import REPOSITORY
from tests.fakes.redis_server import RedisServer
from tests.integration.sessions.market import open_session, publish, series
from tests.integration.sessions.records import written
from tests.integration.sessions.running import run_to_end
from tests.waiting import wait_for
from trading.base.adapters.system_clock import SystemClock
from trading.desk.models import DeskSession, SessionLease
from trading.desk.services.config.overrides import current_config
from trading.desk.services.journal.replay import replay_run
from trading.desk.services.journal.verify import session_verify
from trading.market.models import Feed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

BARS, FIRST_PART, PARTS = 420, 300, 12
BEAT_S = 0.5  # the real one takes its time; a test cannot
PREFIX = "guardian:"


class Services:
    """A Redis and a Celery worker of the test's own, to be killed at will."""

    def __init__(self, folder: Path) -> None:
        self.log = (folder / "worker.log").open("ab")  # kept by pytest when a test fails
        self.redis = RedisServer(folder)
        name = str(connection.settings_dict["NAME"])
        self.environment = dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "CELERY_SKIP_CHECKS": "1",  # as ``up`` says; the checks load every page
            "REDIS_URL": self.redis.url,
            "DATABASE_URL": self._database_url(name),
        }
        self.worker = self.start_worker()
        self.enqueued_at = 0.0
        broker = Celery(broker=f"redis+socket://{self.redis.socket}")
        broker.conf.broker_transport_options = {"global_keyprefix": PREFIX}
        self.broker = broker

    @staticmethod
    def _database_url(name: str) -> str:
        if connection.vendor == "sqlite":
            return f"sqlite:///{name}"
        given = os.environ["DATABASE_URL"]
        return given.rpartition("/")[0] + "/" + name

    def start_worker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "desk",
                "--concurrency", "2", "--hostname", "desk@test", "--loglevel", "INFO",
                "--without-gossip", "--without-mingle",
            ],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )  # fmt: skip

    def pool_processes(self) -> list[int]:
        """Return the worker's children."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.worker.pid)], capture_output=True, text=True, check=False
        )
        return [int(line) for line in found.stdout.split()]

    def kill_pool(self) -> None:
        for pid in self.pool_processes():
            os.kill(pid, signal.SIGKILL)

    def kill_worker(self) -> None:
        self.kill_pool()
        self.worker.kill()
        self.worker.wait()
        self.worker = self.start_worker()

    def kill_redis(self) -> None:
        self.redis.restart()

    def keep_worker(self) -> None:
        """Do what ``up`` does: start a worker that has ended again.

        One whose broker dies while it gives messages back ends by itself: the Redis transport
        closes its connection before it restores them.
        """
        if self.worker.poll() is not None:
            self.worker = self.start_worker()

    def enqueue(self, session_id: int) -> None:
        """Do what beat and the supervising task do."""
        self.keep_worker()
        if time.monotonic() - self.enqueued_at < BEAT_S:
            return
        self.enqueued_at = time.monotonic()
        lease = SessionLease.objects.get(session_id=session_id)
        if lease.expires_at is None or lease.expires_at < SystemClock().now():
            self.broker.send_task(
                "trading.desk.tasks.session_run", (session_id,), queue="desk", retry=True, expires=4
            )

    def close(self) -> None:
        self.worker.terminate()
        self.worker.wait(30)
        self.redis.close()
        self.broker.close()
        self.log.close()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Start Redis and a worker; stop them afterwards."""
    running = Services(tmp_path)
    yield running
    running.close()


def let_lease_run_out(session_id: int) -> None:
    """Save the fifteen seconds a dead holder's lease would still be honoured."""
    SessionLease.objects.filter(session_id=session_id).update(
        expires_at=SystemClock().now() - timedelta(seconds=1)
    )


def test_kills_of_worker_and_redis_change_no_row(services: Services) -> None:
    bars = series(BARS, seed=7)
    calm = open_session(bars, name="calm")
    run_to_end(calm.pk)
    expected = written(calm.pk)

    rng = np.random.default_rng(11)
    parts = [{p: b.slice(0, FIRST_PART) for p, b in bars.items()}]
    edges = np.linspace(FIRST_PART, BARS, PARTS + 1).astype(int)
    parts += [{p: b.slice(int(i), int(j)) for p, b in bars.items()} for i, j in pairwise(edges)]
    session = open_session(parts[0], name="killed", is_finished=False)
    feed = Feed.objects.get(pk=session.feed_id)
    wait_for(lambda: len(services.pool_processes()) >= 2, "the worker's pool")
    kills: list[Callable[[], Any]] = [
        services.kill_pool, services.kill_worker, services.kill_redis, services.kill_pool,
    ]  # fmt: skip
    for i, part in enumerate(parts[1:]):
        services.enqueue(session.pk)
        publish(feed, part, is_finished=i == PARTS - 1)
        time.sleep(float(rng.uniform(0.0, 1.2)))
        if i % 3 == 0:
            kills[i // 3]()
            let_lease_run_out(session.pk)

    def is_finished() -> bool:
        services.enqueue(session.pk)
        return DeskSession.objects.get(pk=session.pk).status == DeskSession.Status.FINISHED

    wait_for(is_finished, "the end of the session", within_s=120)
    found = written(session.pk)
    for kind, rows in expected.items():
        assert found[kind] == rows, f"{kind} differ"
    assert session_verify(session_id=session.pk).mismatches == 0


def test_a_task_delivered_twice_runs_once(services: Services) -> None:
    session = open_session(series(330, seed=7), name="twice")
    for _ in range(4):
        services.broker.send_task("trading.desk.tasks.session_run", (session.pk,), queue="desk")
    wait_for(
        lambda: DeskSession.objects.get(pk=session.pk).status == DeskSession.Status.FINISHED,
        "the end of the session",
    )
    report = session_verify(session_id=session.pk)
    assert (report.mismatches, report.is_digest_equal) == (0, True)
    assert report.checked == DeskSession.objects.get(pk=session.pk).n_decisions


@pytest.mark.proof
def test_sessions_in_a_worker_make_the_money_of_a_replay_at_every_bankroll(
    services: Services,
) -> None:
    wait_for(lambda: len(services.pool_processes()) >= 2, "the worker's pool")
    bars = series(500, seed=7)
    for pair in bars.values():
        pair.values[4] *= 0.02  # thin: orders share the volume
    desk = current_config().config
    for bankroll in (1_000, 10_000, 100_000):
        config = replace(desk, bots=replace(desk.bots, bankroll=Decimal(bankroll)))
        opened = [open_session(bars, f"{bankroll} {n}", config=config) for n in range(3)]
        for session in opened:
            services.broker.send_task("trading.desk.tasks.session_run", (session.pk,), queue="desk")
        rows = DeskSession.objects.filter(pk__in=[session.pk for session in opened])
        wait_for(
            lambda rows=rows: rows.filter(status=DeskSession.Status.FINISHED).count() == 3,
            "the end of the sessions",
            within_s=120,
        )
        found = [written(session.pk) for session in opened]
        assert found[0] == found[1] == found[2]
        report = replay_run(blueprint=opened[0].facts.get(n=0).payload, series=bars)
        assert {row.digest for row in rows} == {report.digest}
        assert len(found[0]["round trips"]) == report.round_trips > 0
