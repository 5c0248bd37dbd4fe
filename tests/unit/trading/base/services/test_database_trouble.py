"""Real refusals of SQLite, and PostgreSQL's words, each become one code and one line."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.db import Error, OperationalError, connection

from trading.base.services.database_trouble import PASSING, Trouble, database_trouble

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the words are asked of both, but SQLite makes its own"
)


def held(path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as holder:
        holder.execute("create table t (x)")
        holder.execute("begin exclusive")
        sqlite3.connect(path, timeout=0).execute("insert into t values (1)")


def read_only(path: Path) -> None:
    sqlite3.connect(path).execute("create table t (x)")
    sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True).execute(
        "insert into t values (1)"
    )


def full(path: Path) -> None:
    rows = sqlite3.connect(path)
    rows.execute("create table t (x)")
    rows.execute("pragma max_page_count = 3")
    for _ in range(10):
        rows.execute("insert into t values (zeroblob(4000))")


def of_another_kind(path: Path) -> None:
    path.write_text("Dear diary, today I bought " * 100)
    sqlite3.connect(path).execute("select * from t")


def damaged(path: Path) -> None:
    rows = sqlite3.connect(path)
    rows.execute("create table t (x)")
    rows.executemany("insert into t values (?)", [("x" * 900,)] * 50)
    rows.commit()
    rows.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x7f" * (len(content) - 4096)
    path.write_bytes(content)
    sqlite3.connect(path).execute("select * from t").fetchall()


def without_folder(path: Path) -> None:
    sqlite3.connect(path / "no" / "such").execute("select 1")


def said(work: Callable[[], None]) -> Error:
    """Return what Django would raise where the database refuses."""
    with pytest.raises(Error) as caught, connection.wrap_database_errors:
        work()
    return caught.value


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (held, "database_locked"),
        (read_only, "database_read_only"),
        (full, "database_full"),
        (of_another_kind, "not_a_database"),
        (damaged, "database_damaged"),
        (without_folder, "database_cannot_open"),
    ],
)
def test_each_refusal_of_sqlite_has_its_code_and_one_line(
    work: Callable[[Path], None], code: str, tmp_path: Path
) -> None:
    trouble = database_trouble(said(lambda: work(tmp_path / "a #1; 100%.db")))
    assert trouble.code == code
    assert "\n" not in str(trouble)
    assert str(trouble).startswith("the database ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('connection failed: FATAL:  password authentication failed for user "u"', "login_refused"),
        ('connection failed: FATAL:  role "u" does not exist', "login_refused"),
        ('connection failed: FATAL:  database "x" does not exist', "missing"),
        ("connection failed: Connection refused\n\tIs the server running?", "away"),
        ("failed to resolve host 'db.invalid'", "away"),
        ("connection timeout expired", "away"),
        ("connection failed: FATAL:  sorry, too many clients already", "crowded"),
        ("connection failed: FATAL:  the database system is starting up", "away"),
    ],
)
def test_a_connection_that_postgres_never_made_says_why(
    text: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "vendor", "postgresql")
    error = OperationalError(text)
    error.__cause__ = psycopg.OperationalError(text)
    trouble = database_trouble(error)
    assert trouble.code == f"database_{code}"
    assert "FATAL" not in str(trouble)
    assert "\n" not in str(trouble)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (psycopg.errors.LockNotAvailable, Trouble.LOCKED),
        (psycopg.errors.DeadlockDetected, Trouble.LOCKED),
        (psycopg.errors.AdminShutdown, Trouble.AWAY),
        (psycopg.errors.ReadOnlySqlTransaction, Trouble.READ_ONLY),
        (psycopg.errors.DiskFull, Trouble.FULL),
        (psycopg.errors.TooManyConnections, Trouble.CROWDED),
        (psycopg.errors.InsufficientPrivilege, Trouble.LOGIN_REFUSED),
        (psycopg.errors.InvalidPassword, Trouble.LOGIN_REFUSED),
    ],
)
def test_each_state_of_postgres_has_its_code(
    state: type[psycopg.Error], kind: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "vendor", "postgresql")
    error = OperationalError("said")
    error.__cause__ = state("said")
    assert database_trouble(error).code == kind


def test_only_what_passes_by_itself_is_waited_for() -> None:
    assert {Trouble.LOCKED, Trouble.AWAY, Trouble.CROWDED} == PASSING
