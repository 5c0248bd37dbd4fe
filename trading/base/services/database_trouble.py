"""Say what is wrong with the database: which one, in what way, and what mends it, in one line.

The only place that knows how SQLite and PostgreSQL word their refusals. Every command, page and
process that meets an error of the database asks here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import Error, connection

from trading.base.domain.errors import DatabaseTroubleError
from trading.base.services.database_standing import Standing, database_place, database_standing


class Trouble(StrEnum):
    """Everything that can be wrong; the value is the code of the error."""

    LOCKED = "database_locked"
    AWAY = "database_away"
    CROWDED = "database_crowded"
    LOGIN_REFUSED = "database_login_refused"
    MISSING = "database_missing"
    CANNOT_OPEN = "database_cannot_open"
    READ_ONLY = "database_read_only"
    FULL = "database_full"
    DISK_ERROR = "database_disk_error"
    NOT_A_DATABASE = "not_a_database"
    DAMAGED = "database_damaged"
    NOTHING_YET = "nothing_yet"
    FOREIGN = "database_foreign"
    OLDER = "database_older"
    NEWER = "database_newer"
    FAILED = "database_failed"


PASSING: Final = frozenset({Trouble.LOCKED, Trouble.AWAY, Trouble.CROWDED})  # worth waiting for

_TEXTS: Final[Mapping[Trouble, str]] = {
    Trouble.LOCKED: "is locked by another program; end what holds it there, then try again",
    Trouble.AWAY: "does not answer ({why}); start the server or mend DATABASE_URL, then try again",
    Trouble.CROWDED: "has no free connection ({why}); try again, or allow the server more",
    Trouble.LOGIN_REFUSED: "refuses this user ({why}); mend user and password in DATABASE_URL",
    Trouble.MISSING: "does not exist ({why}); create it (createdb) or mend DATABASE_URL",
    Trouble.CANNOT_OPEN: "cannot be opened: {why}",
    Trouble.READ_ONLY: "is read-only for this user; make the file and its folder writable",
    Trouble.FULL: "has no room left on its disk; free some, then try again: nothing was changed",
    Trouble.DISK_ERROR: "cannot be read or written ({why}); look after its disk",
    Trouble.NOT_A_DATABASE: "is a file of another kind; move it away, or set GUARDIAN_DATA_DIR",
    Trouble.DAMAGED: "is damaged ({why}); stop the desk and put a backup in its place",
    Trouble.NOTHING_YET: "holds nothing yet; manage.py up begins there, if it is the right one",
    Trouble.FOREIGN: "holds tables of another program; name a database of the desk's own",
    Trouble.OLDER: "is of an earlier release, or making its tables broke off; bring it up to date "
    "with: manage.py migrate",
    Trouble.NEWER: "is of a later release; run that one, it is not changed back",
    Trouble.FAILED: "refused what was asked of it: {why}",
}
_SQLITE: Final[Mapping[str, Trouble]] = {
    "SQLITE_BUSY": Trouble.LOCKED,
    "SQLITE_LOCKED": Trouble.LOCKED,
    "SQLITE_PROTOCOL": Trouble.LOCKED,
    "SQLITE_CANTOPEN": Trouble.CANNOT_OPEN,
    "SQLITE_PERM": Trouble.CANNOT_OPEN,
    "SQLITE_READONLY": Trouble.READ_ONLY,
    "SQLITE_FULL": Trouble.FULL,
    "SQLITE_IOERR": Trouble.DISK_ERROR,
    "SQLITE_NOTADB": Trouble.NOT_A_DATABASE,
    "SQLITE_CORRUPT": Trouble.DAMAGED,
}
# By the beginning of the SQLSTATE, longest first.
_POSTGRES: Final[Mapping[str, Trouble]] = {
    "53300": Trouble.CROWDED,
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,
    "42501": Trouble.LOGIN_REFUSED,
    "55P03": Trouble.LOCKED,
    "40P01": Trouble.LOCKED,
    "57014": Trouble.LOCKED,
    "3D000": Trouble.MISSING,
    "57P": Trouble.AWAY,
    "08": Trouble.AWAY,
    "28": Trouble.LOGIN_REFUSED,
    "58": Trouble.DISK_ERROR,
    "XX": Trouble.DAMAGED,
}
# A connection that was never made has no SQLSTATE.
_POSTGRES_TEXTS: Final[Mapping[str, Trouble]] = {
    "too many clients": Trouble.CROWDED,
    "connection slots": Trouble.CROWDED,
    "password": Trouble.LOGIN_REFUSED,
    "pg_hba.conf": Trouble.LOGIN_REFUSED,
    'role "': Trouble.LOGIN_REFUSED,
    'database "': Trouble.MISSING,
}
_OF_STANDING: Final[Mapping[Standing, Trouble]] = {
    Standing.FRESH: Trouble.NOTHING_YET,
    Standing.FOREIGN: Trouble.FOREIGN,
    Standing.OLDER: Trouble.OLDER,
    Standing.NEWER: Trouble.NEWER,
}


def database_trouble(error: Error) -> DatabaseTroubleError:
    """Return what the error means.

    The connection of this thread is closed, so that the next try makes a new one.

    Never raises: what cannot be told apart is ``FAILED`` with the database's own first line.
    """
    kind, why = _kind(error.__cause__ or error)
    _disconnect()
    if kind is Trouble.FAILED and (standing := _standing_or_none()) is not None:
        kind = _OF_STANDING.get(standing, kind)
    return trouble_of(kind, why)


def trouble_of(kind: Trouble, why: str = "") -> DatabaseTroubleError:
    """Return the error that says this of the desk's database."""
    text = _TEXTS[kind].format(why=why)
    return DatabaseTroubleError(kind.value, f"the database {database_place()} {text}")


def standing_check() -> None:
    """Return when the database is of this release.

    Raises:
        DatabaseTroubleError: it is not; the message says how it stands.
    """
    standing = database_standing()
    if standing is not Standing.READY:
        raise trouble_of(_OF_STANDING[standing])


def _standing_or_none() -> Standing | None:
    try:
        return database_standing()
    except Error:
        return None
    finally:
        _disconnect()


def _disconnect() -> None:
    if not connection.in_atomic_block:
        connection.close()


def _kind(cause: BaseException) -> tuple[Trouble, str]:
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        kind = next((kind for known, kind in _SQLITE.items() if name.startswith(known)), None)
        if kind is Trouble.CANNOT_OPEN:
            return kind, _why_closed(Path(str(settings.DATABASES["default"]["NAME"])))
        return kind or Trouble.FAILED, _first_line(cause)
    if connection.vendor != "postgresql":
        return Trouble.FAILED, _first_line(cause)
    return _postgres_kind(cause)


def _why_closed(path: Path) -> str:
    if path.is_dir():
        return "it is a folder, and a file was expected"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    return f"this user may not read and write it, or the folder {path.parent}"


def _postgres_kind(cause: Any) -> tuple[Trouble, str]:
    import psycopg
    import psycopg_pool

    if isinstance(cause, psycopg_pool.PoolTimeout):
        cause = _why_no_connection() or cause  # the pool only says how long it waited
    state = getattr(cause, "sqlstate", None) or ""
    why = _first_line(cause)
    for known, kind in _POSTGRES.items():
        if state.startswith(known):
            return kind, why
    if state or not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return Trouble.FAILED, why
    kinds = (kind for known, kind in _POSTGRES_TEXTS.items() if known in str(cause))
    return next(kinds, Trouble.AWAY), why


def _why_no_connection() -> Exception | None:
    import psycopg

    try:
        psycopg.connect(**connection.get_connection_params()).close()
    except psycopg.Error as error:
        return error
    return None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return lines[0].rpartition("FATAL:")[2].strip().removeprefix("connection failed: ")
