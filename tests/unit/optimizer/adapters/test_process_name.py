"""A process is known by its birth, so that another one with its number is not taken for it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.adapters.process_name import PROC, may_live, process_name
from tests.conftest import REPOSITORY

needs_proc = pytest.mark.skipif(not (PROC / "self/stat").exists(), reason="there is no /proc")
SAY_NAME = (
    "import sys\n"
    "from optimizer.adapters.process_name import process_name\n"
    "print(process_name(), flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Return another process, which says its name."""
    with subprocess.Popen(
        [sys.executable, "-c", SAY_NAME],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def with_birth(name: str, place: int, value: str) -> str:
    """Return the name of a process with another boot (0), namespace (1) or start (2)."""
    rest, _, birth = name.rpartition(":")
    parts = birth.split("-")
    parts[place] = value
    return f"{rest}:{'-'.join(parts)}"


def test_two_names_of_one_process_differ_and_both_live() -> None:
    first, second = process_name(), process_name()
    assert first != second
    assert may_live(first)
    assert may_live(second)
    assert len(first) <= 160
    assert first.startswith(f"{socket.gethostname()}:{os.getpid()}:")


def test_another_process_lives_until_it_is_killed_even_before_its_parent_takes_note(
    other: subprocess.Popen[str],
) -> None:
    name = said(other)
    assert may_live(name)
    os.kill(other.pid, signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table
    if (PROC / "self/stat").exists():
        assert not may_live(name)
    other.wait()
    assert not may_live(name)


@needs_proc
def test_a_later_process_with_the_same_number_is_another_one() -> None:
    assert not may_live(with_birth(process_name(), 2, "17"))


@needs_proc
def test_nobody_outlives_the_boot_of_the_machine() -> None:
    assert not may_live(with_birth(process_name(), 0, "0badb007"))


@needs_proc
def test_of_another_container_with_the_same_host_name_nothing_is_known() -> None:
    assert may_live(with_birth(process_name(), 1, "17"))


@pytest.mark.parametrize(
    "name", ["elsewhere:4242:deadbeef", "elsewhere:4242:a-1-2-deadbeef", "worker@host:1", "first"]
)
def test_of_other_machines_and_strange_names_nothing_is_known(name: str) -> None:
    assert may_live(name)


def test_without_proc_the_number_alone_decides(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    name, own = said(other), process_name(tmp_path)
    assert own.count("-") == socket.gethostname().count("-")
    assert may_live(own)
    assert may_live(own, tmp_path)
    assert may_live(name, tmp_path)
    other.kill()
    other.wait()
    assert not may_live(name, tmp_path)
    assert not may_live(f"{socket.gethostname()}:{other.pid}:deadbeef")


@needs_proc
def test_a_process_whose_birth_is_hidden_may_live(tmp_path: Path) -> None:
    for part in ("sys/kernel/random/boot_id", f"{os.getpid()}/stat"):
        (tmp_path / part).parent.mkdir(parents=True)
        shutil.copy(PROC / part, tmp_path / part)
    (tmp_path / "self" / "ns").mkdir(parents=True)
    (tmp_path / "self" / "ns" / "pid").symlink_to(PROC / "self/ns/pid")
    parent = f"{socket.gethostname()}:{os.getppid()}"
    birth = process_name(tmp_path).rpartition(":")[2]
    assert may_live(f"{parent}:{birth}", tmp_path)
