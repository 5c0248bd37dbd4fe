"""The workers ``up`` starts: children of their own, an end when told, a Redis that restarts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
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


@pytest.fixture
def worker_start(
    redis_server: RedisServer, tmp_path: Path
) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start the worker of a queue as the supervisor does, with one task more."""
    plan = DeskPlan(sys.executable, "manage.py", 0, 1, 1, ())
    commands = {program.name: program.command for program in desk_programs(plan)}
    environ = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "CELERY_SKIP_CHECKS": "1",
        "REDIS_URL": redis_server.url,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'desk.sqlite3'}",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(queue: str) -> subprocess.Popen[bytes]:
        command = [*commands[f"worker-{queue}"], "-I", "tests.fakes.long_tasks"]
        with (tmp_path / "worker.log").open("ab") as log:
            started.append(subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log))
        return started[-1]

    yield start
    for worker in started:
        worker.terminate()
        worker.wait(30)


@pytest.fixture
def hold(redis_server: RedisServer, tmp_path: Path) -> Iterator[Callable[[str, str], Path]]:
    """Send the long task to a queue; return the file its child writes."""
    client = Celery(broker=f"redis+socket://{redis_server.socket}", set_as_current=False)
    client.conf.broker_transport_options = {"global_keyprefix": "guardian:"}

    def send(queue: str, name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        client.send_task("tests.fakes.long_tasks.hold", (str(folder),), queue=queue)
        return folder / "child"

    yield send
    client.close()


Starter = Callable[[str], subprocess.Popen[bytes]]
Sender = Callable[[str, str], Path]


def test_a_study_may_own_processes_ends_when_told_and_is_not_delivered_again(
    redis_server: RedisServer, worker_start: Starter, hold: Sender
) -> None:
    worker = worker_start("sweeps")
    first = hold("sweeps", "first")
    wait_for(first.exists, "the child of the task")
    redis_server.restart()
    worker.terminate()
    assert worker.wait(ENDS_WITHIN_S) == 0
    assert (first.parent / "ended").read_text() == "in order"

    worker_start("sweeps")
    second = hold("sweeps", "second")
    wait_for(second.exists, "the child of the second task")
    assert (first.parent / "runs").read_text() == "begun\n"


def test_a_worker_that_notices_a_restart_of_redis_late_works_again(
    redis_server: RedisServer, worker_start: Starter, hold: Sender
) -> None:
    worker = worker_start("sweeps")
    wait_for(hold("sweeps", "first").exists, "the first task")
    # on a busy machine Redis is back before the worker gets to see that it was away
    worker.send_signal(signal.SIGSTOP)
    redis_server.restart()
    worker.send_signal(signal.SIGCONT)
    wait_for(hold("sweeps", "second").exists, "the second task")
