"""Commands over a database that is held, new, strange, of another release or away: one line."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DROPPED = {"DATABASE_URL", "REDIS_URL"}


def start(data: Path, *words: str, **environ: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=REPOSITORY,
        env={**kept, "GUARDIAN_DATA_DIR": str(data), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # whoever runs the tests in the background has Ctrl-C ignored, and children inherit that
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def run(data: Path, *words: str, **environ: str) -> tuple[int, str, str]:
    process = start(data, *words, **environ)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return process.returncode, out, err


@pytest.fixture
def data(migrated: Path, tmp_path: Path) -> Path:
    shutil.copy(migrated, tmp_path / migrated.name)
    return tmp_path


def hold(data: Path) -> sqlite3.Connection:
    holder = sqlite3.connect(data / "guardian.sqlite3", isolation_level=None)
    holder.execute("begin immediate")
    return holder


def test_the_kill_goes_on_until_the_database_is_free_and_says_so(data: Path) -> None:
    holder = hold(data)
    process = start(data, "kill", "--json")
    assert process.stderr is not None
    assert process.stdout is not None
    first = process.stderr.readline()
    assert "is locked by another program" in first
    assert "Ctrl-C gives up" in first
    holder.rollback()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["trading_state"] == "halted"
    rows = sqlite3.connect(data / "guardian.sqlite3").execute("select * from desk_tradingcontrol")
    assert len(rows.fetchall()) == 1


def test_the_kill_says_that_nothing_was_ordered_when_its_patience_ends(data: Path) -> None:
    holder = hold(data)
    code, out, err = run(data, "kill", "--patience", "1", "--json")
    holder.rollback()
    assert code == 1
    assert json.loads(out)["error"] == "database_locked"
    assert str(data) in err.splitlines()[-1]


def test_ctrl_c_ends_the_waiting_kill_in_good_order(data: Path) -> None:
    holder = hold(data)
    process = start(data, "kill")
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = process.communicate(timeout=60)
    holder.rollback()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert time.monotonic() - began < 15


def test_other_orders_are_refused_with_one_line_while_it_is_held(data: Path) -> None:
    holder = hold(data)
    code, out, err = run(data, "unkill", "--json")
    holder.rollback()
    assert (code, json.loads(out)["error"]) == (1, "database_locked")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [("status",), ("kill",), ("explain", "--pair", "A/B", "--at", "2025-01-01")]
)
def test_a_folder_without_a_desk_is_named_and_not_filled(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    code, out, err = run(tmp_path / "mistyped", *words, "--json")
    assert (code, json.loads(out)["error"]) == (1, "nothing_yet")
    assert len(err.splitlines()) == 1
    assert str(tmp_path / "mistyped") in err
    assert not (tmp_path / "mistyped" / "guardian.sqlite3").exists()


def test_what_writes_prepares_a_fresh_folder(tmp_path: Path) -> None:
    code, out, err = run(tmp_path / "new", "desk", "start", "--json")
    assert code == 0, err
    assert len(json.loads(out)["session_ids"]) == 1
    assert "preparing the database" in err


@pytest.mark.parametrize(
    ("script", "words", "error"),
    [
        ("drop table desk_desksession; delete from django_migrations where app = 'desk'",
         ("status", "--json"), "database_older"),
        ("drop table desk_desksession; insert into django_migrations values "
         "(9999, 'desk', '9999_later', '2026-01-01')", ("status", "--json"), "database_newer"),
        ("create table wp_posts (x); drop table django_migrations; drop table desk_desksession",
         ("desk", "stop", "--json"), "database_foreign"),
    ],
)  # fmt: skip
def test_a_database_of_another_release_or_program_is_named(
    script: str, words: tuple[str, ...], error: str, data: Path
) -> None:
    with sqlite3.connect(data / "guardian.sqlite3") as rows:
        rows.executescript(script)
    code, out, _ = run(data, *words)
    assert (code, json.loads(out)["error"]) == (1, error)


def test_the_framework_s_own_commands_say_one_line_too(tmp_path: Path) -> None:
    (tmp_path / "guardian.sqlite3").write_text("no database at all " * 50)
    code, _, err = run(tmp_path, "changepassword", "olga")
    assert code == 1
    assert err.splitlines()[-1].startswith(f"changepassword: the database {tmp_path}")


@pytest.mark.parametrize(
    "command", [("status",), ("config", "show"), ("config", "lint"), ("desk", "replay")]
)
def test_a_server_that_is_away_is_named_without_its_password_and_soon(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    url = "postgres://guardian:hunter2@127.0.0.1:9/desk"
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    waited = time.monotonic()
    code, out, err = run(tmp_path, *command, "--json", DATABASE_URL=url)
    waited = time.monotonic() - waited
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = (ended.ru_utime + ended.ru_stime) - (began.ru_utime + began.ru_stime)
    assert (code, json.loads(out)["error"]) == (1, "database_away")
    assert "guardian@127.0.0.1:9/desk" in err
    assert "hunter2" not in out + err
    assert waited < 9.5 + worked  # a pool would wait for ten seconds
