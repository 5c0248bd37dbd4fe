"""Lock, port check, Redis record and the bond between parent and child, on the real kernel."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from guardian.adapters.desk_lock import DeskLock
from guardian.adapters.embedded_redis import redis_prepare
from guardian.adapters.ports_open import port_check
from guardian.adapters.redis_ping import redis_answers
from guardian.adapters.redis_record import (
    RedisRecord,
    record_read,
    record_remove,
    record_write,
    running_url,
)
from trading.domain.errors import BadInputError


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


def test_the_embedded_redis_starts_wants_its_password_and_is_found(tmp_path: Path) -> None:
    command, record = redis_prepare(
        data_dir=tmp_path, run_dir=tmp_path, socket=str(tmp_path / "r.sock")
    )
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
