"""Lock, port check, Redis record and the bond between parent and child, on the real kernel."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.conf import settings

from guardian.adapters.desk_files import PLAIN_PATH, files_make
from guardian.adapters.desk_lock import DeskLock
from guardian.adapters.embedded_redis import redis_prepare
from guardian.adapters.left_behind import left_behind
from guardian.adapters.ports_open import port_check, port_holder
from guardian.adapters.probes import DeskProbes
from guardian.adapters.redis_ping import redis_answers, redis_refusal
from guardian.adapters.redis_record import (
    RedisRecord,
    record_read,
    record_remove,
    record_write,
    running_url,
)
from trading.base.domain.errors import BadInputError


def test_a_second_lock_is_refused_and_names_the_holder(tmp_path: Path) -> None:
    lock = DeskLock(tmp_path / "lock")
    with pytest.raises(BadInputError, match=str(os.getpid())):
        DeskLock(tmp_path / "lock")
    lock.release()
    DeskLock(tmp_path / "lock").release()


def test_a_taken_port_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInputError, match=str(port)):
            port_check(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_who_has_a_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert port_holder(taken.getsockname()[1]).startswith(f"process {os.getpid()} (")
    assert port_holder(1) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_processes_of_a_desk_without_its_up_are_found_until_they_end(tmp_path: Path) -> None:
    mark = f"DESK_TEST={tmp_path}"
    child = subprocess.Popen(
        ["sleep", "60"], env={"PATH": "/bin:/usr/bin", "DESK_TEST": str(tmp_path)}
    )
    assert left_behind(mark) == (child.pid,)
    assert left_behind(mark + "/other") == ()
    child.kill()
    child.wait()
    assert left_behind(mark) == ()


@pytest.mark.parametrize("name", ["short", "100% mine", "a ;b", "a #b", "日本", "x" * 150])
def test_sockets_lie_where_every_program_can_name_them(name: str, tmp_path: Path) -> None:
    files = files_make(tmp_path / name)
    path = files.redis_socket
    assert len(path) <= 100
    assert PLAIN_PATH.fullmatch(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
    Path(path).unlink()
    assert files_make(tmp_path / name) == files  # every command of the folder finds the same


def test_a_redis_that_is_away_says_why_within_seconds() -> None:
    began = time.monotonic()
    assert "refused" in redis_refusal("redis://127.0.0.1:1/0")
    assert redis_refusal("redis://no-such-host.invalid:6379/0")
    assert time.monotonic() - began < 15


def test_the_health_page_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        probes = DeskProbes(
            health_url=f"http://127.0.0.1:{server.server_port}/", redis_url="redis://127.0.0.1:1",
            broker_url="memory://", transport_options={},
        )  # fmt: skip
        assert probes.web_answers()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(BadInputError, match=str(port)):
        port_check(port)


def test_the_redis_record_is_private_and_survives_strange_signs(tmp_path: Path) -> None:
    record = RedisRecord(socket="/run/my desk/r.sock", password="a/b:c@d%")
    record_write(tmp_path, record)
    assert record_read(tmp_path) == record
    assert stat.S_IMODE((tmp_path / "redis.json").stat().st_mode) == 0o600
    record_remove(tmp_path)
    assert record_read(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"socket": "/x"}'])
def test_a_damaged_record_counts_as_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "redis.json").write_text(text)
    assert record_read(tmp_path) is None


def test_a_record_nobody_answers_to_counts_as_none(tmp_path: Path) -> None:
    record_write(tmp_path, RedisRecord(socket=str(tmp_path / "r.sock"), password="x"))
    assert running_url(tmp_path) == ""


@pytest.mark.parametrize("name", ["plain", '100% "mine" ;#\\'])
def test_the_embedded_redis_starts_wants_its_password_and_is_found(
    name: str, tmp_path: Path
) -> None:
    socket = str(tmp_path / "r.sock")
    tmp_path /= name
    tmp_path.mkdir()
    command, record = redis_prepare(data_dir=tmp_path, run_dir=tmp_path, socket=socket)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not redis_answers(record.url) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert redis_answers(running_url(tmp_path))
        assert not redis_answers(f"unix://{record.socket}?db=0")
        assert (tmp_path / "redis" / "appendonlydir").exists() or (
            tmp_path / "redis" / "appendonly.aof"
        ).exists()
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties children to parents")
def test_a_bound_child_ends_when_its_parent_is_killed() -> None:
    inner = [sys.executable, "-S", "-m", "guardian.adapters.parent_bond", "sleep", "60"]
    script = (
        "import subprocess, sys, time; "
        f"child = subprocess.Popen({inner!r}); time.sleep(1); "
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while _is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"
