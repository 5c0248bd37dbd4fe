"""Long tasks on the workers ``up`` starts: children of their own, and an end when told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from guardian.domain.processes import DeskPlan, desk_programs
from tests.fakes.redis_server import RedisServer
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 15  # half of what the supervisor allows
pytestmark = [pytest.mark.slow]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.close()


def worker_start(queue: str, server: RedisServer, folder: Path) -> subprocess.Popen[bytes]:
    """Start the worker of a queue as the supervisor does, with one task more."""
    plan = DeskPlan(sys.executable, "manage.py", 0, 1, 1, ())
    command = next(p.command for p in desk_programs(plan) if p.name == f"worker-{queue}")
    environ = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "REDIS_URL": server.url,
        "DATABASE_URL": f"sqlite:///{folder / 'desk.sqlite3'}",
    }
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "-I", "tests.fakes.long_tasks"], cwd=ROOT, env=environ,
            stdout=log, stderr=log,
        )  # fmt: skip


def test_a_study_may_own_processes_ends_when_told_and_is_not_delivered_again(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    client = Celery(broker=f"redis+socket://{redis_server.socket}", set_as_current=False)
    client.conf.broker_transport_options = {"global_keyprefix": "guardian:"}
    worker = worker_start("sweeps", redis_server, tmp_path)
    try:
        client.send_task("tests.fakes.long_tasks.hold", (str(tmp_path),), queue="sweeps")
        wait_for((tmp_path / "child").exists, "the child of the task")
        redis_server.restart()
        worker.terminate()
        assert worker.wait(ENDS_WITHIN_S) == 0
        assert (tmp_path / "ended").read_text() == "in order"

        worker = worker_start("sweeps", redis_server, tmp_path)
        second = tmp_path / "second"
        second.mkdir()
        client.send_task("tests.fakes.long_tasks.hold", (str(second),), queue="sweeps")
        wait_for((second / "child").exists, "the child of the second task")
        assert (tmp_path / "runs").read_text() == "begun\n"
    finally:
        worker.terminate()
        worker.wait(30)
        client.close()
