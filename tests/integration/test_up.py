"""``manage.py up`` for real: it comes up, heals itself, refuses a second one, and drains."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from guardian.adapters.redis_record import running_url
from guardian.adapters.supervisord import Supervisord

ROOT = Path(__file__).resolve().parents[2]
# Eight processes import the whole desk at the same time; a loaded machine takes its time.
UP_WITHIN_S = 150
PROCESSES = (
    *("beat", "stream", "redis", "web"),
    *("worker-desk", "worker-ml", "worker-sweeps", "worker-default"),
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(420), pytest.mark.xdist_group("up")]


@dataclass
class RunningUp:
    process: subprocess.Popen[str]
    answer: dict[str, Any]
    data: Path
    port: int
    environ: dict[str, str]

    def fetch(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return bytes(answer.read())

    def pid_of(self, name: str) -> int:
        states = Supervisord(str(self.data / "run" / "supervisor.sock")).states()
        return next((state.pid for state in states if state.name == name), 0)

    def is_well(self) -> bool:
        """Return whether the desk says that nothing is degraded."""
        try:
            return bool(json.loads(self.fetch("/healthz"))["status"] == "ok")
        except OSError:
            return False

    def n_decisions(self) -> int:
        command = [sys.executable, "manage.py", "status", "--json"]
        status = subprocess.run(
            command, cwd=ROOT, env=self.environ, stdout=subprocess.PIPE, check=True
        )
        return sum(row["decisions"] for row in json.loads(status.stdout)["sessions"])


def environment(data: Path) -> dict[str, str]:
    dropped = {"REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "GUARDIAN_CONFIG"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"GUARDIAN_DATA_DIR": str(data)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def up(*arguments: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "up", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def children_of(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUp]:
    data, port = tmp_path_factory.mktemp("up"), free_port()
    environ = environment(data)
    errors = data / "up.err"
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), "--workers", "1", "--json"],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, errors.read_text()
        yield RunningUp(process, json.loads(line), data, port, environ)
    finally:
        process.send_signal(signal.SIGHUP)  # as when its terminal is closed: it drains as well
        code = process.wait(150)
        process.stdout.close()
    assert code == 0
    assert not (data / "redis.json").exists()


def test_it_answers_with_address_login_and_every_process(desk: RunningUp) -> None:
    assert desk.answer["url"] == f"http://127.0.0.1:{desk.port}/"
    assert desk.answer["login"]["username"] == "operator"
    assert {row["name"] for row in desk.answer["processes"]} == set(PROCESSES)
    assert wait_for(desk.is_well, UP_WITHIN_S)  # its first bars come a moment after it is up


def test_other_commands_find_the_embedded_redis(desk: RunningUp) -> None:
    assert running_url(desk.data).startswith("unix://")


def test_a_second_up_on_the_same_data_is_refused_with_one_line(desk: RunningUp) -> None:
    second = up("--port", str(free_port()), environ=desk.environ)
    out, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "already up" in err


def test_a_taken_port_is_refused_with_one_line(desk: RunningUp, tmp_path: Path) -> None:
    other = up("--port", str(desk.port), environ=environment(tmp_path))
    _out, err = other.communicate(timeout=60)
    assert other.returncode == 2
    assert len(err.strip().splitlines()) == 1
    assert str(desk.port) in err


def test_every_process_killed_in_turn_comes_back_and_the_desk_goes_on(desk: RunningUp) -> None:
    killed = {}
    for name in PROCESSES:
        killed[name] = desk.pid_of(name)
        os.kill(killed[name], signal.SIGKILL)
        assert wait_for(lambda: desk.pid_of(name) not in (0, killed[name]), 30), name  # noqa: B023

    assert wait_for(desk.is_well, UP_WITHIN_S)
    before = desk.n_decisions()
    # a dead holder's lease is honoured for fifteen seconds
    assert wait_for(lambda: desk.n_decisions() > before, UP_WITHIN_S)
    assert desk.process.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties children to parents")
def test_a_killed_worker_leaves_no_session_process_behind(desk: RunningUp) -> None:
    worker = desk.pid_of("worker-desk")
    pool = children_of(worker)
    assert pool
    os.kill(worker, signal.SIGKILL)
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pool), 20)
    assert wait_for(lambda: desk.pid_of("worker-desk") not in (0, worker), 30)


def test_sigterm_drains_everything_and_exits_0(tmp_path: Path) -> None:
    environ, port = environment(tmp_path), free_port()
    errors = tmp_path / "up.err"
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), "--workers", "1"],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    supervisor = Supervisord(str(tmp_path / "run" / "supervisor.sock"))
    assert wait_for(lambda: len(supervisor.states()) == 8, UP_WITHIN_S), errors.read_text()
    pids = [state.pid for state in supervisor.states() if state.pid]
    process.terminate()
    assert process.wait(120) == 0
    assert not supervisor.is_answering()
    # in good order: nobody had to be killed
    assert "killing" not in (tmp_path / "logs" / "supervisord.log").read_text()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert not (tmp_path / "redis.json").exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("--port", "70000"), "70000"), (("--workers", "0"), "0"), (("--port", "x"), "'x'")],
)
def test_a_bad_option_is_one_line_and_exit_2(
    arguments: tuple[str, ...], word: str, tmp_path: Path
) -> None:
    process = up(*arguments, environ=environment(tmp_path))
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert word in err
    assert "Traceback" not in err


def test_a_bad_environment_is_one_line_and_exit_2(tmp_path: Path) -> None:
    environ = environment(tmp_path) | {"DATABASE_URL": "mysql://root@localhost/desk"}
    process = up(environ=environ)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.strip().splitlines() == [
        "up: DATABASE_URL began with 'mysql'; expected sqlite:// or postgres://"
    ]
