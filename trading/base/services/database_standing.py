"""How the desk's database stands to this code: made or not, of this release or another."""

from __future__ import annotations

import fcntl
from enum import StrEnum
from pathlib import Path
from typing import Final

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

_OURS: Final = ("trading", "optimizer", "guardian", "dashboard")
_LOCK_NAME: Final = "prepare.lock"


class Standing(StrEnum):
    """How a database stands to this code."""

    READY = "ready"
    FRESH = "fresh"  # no tables yet
    FOREIGN = "foreign"  # tables, and none of ours
    OLDER = "older"  # some migrations were not applied
    NEWER = "newer"  # migrations were applied that this code does not know


def database_place() -> str:
    """Return which database it is, as a person names it; never its password."""
    known = settings.DATABASES["default"]
    if known["ENGINE"].endswith("sqlite3"):
        return str(known["NAME"])
    host = f"{known['HOST'] or 'localhost'}{':' if known['PORT'] else ''}{known['PORT']}"
    return f"{known['USER']}@{host}/{known['NAME']}" if known["USER"] else f"{host}/{known['NAME']}"


def database_is_fresh() -> bool:
    """Return whether no table was ever made; quick, makes no file, and waits for no pool.

    Raises:
        django.db.Error: the database cannot be asked.
    """
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        if path.parent.is_dir() and not path.exists():
            return True
    else:
        _knock()
    return not connection.introspection.table_names()


def _knock() -> None:
    # A pool answers a refusal by trying for seconds, and keeps the reason to itself.
    import psycopg

    with connection.wrap_database_errors:
        psycopg.connect(**connection.get_connection_params()).close()


def database_standing() -> Standing:
    """Return how the database stands.

    Raises:
        django.db.Error: the database cannot be asked.
    """
    if database_is_fresh():
        return Standing.FRESH
    loader = MigrationLoader(connection)
    # "trading" is the app of a database from before it was divided, which no migration leads on
    ours = {"trading"} | {
        app.label for app in apps.get_app_configs() if app.name.partition(".")[0] in _OURS
    }
    applied, known = set(loader.applied_migrations), set(loader.disk_migrations)
    found = {app for app, _ in applied}
    if not applied or not (found & ours or found <= {app for app, _ in known}):
        return Standing.FOREIGN
    if any(app in ours for app, _ in applied - known):
        return Standing.NEWER
    return Standing.READY if known <= applied else Standing.OLDER


def database_prepare() -> None:
    """Make the tables, or bring them up to this code; one process of a data folder at a time.

    Raises:
        django.db.Error: the database refuses.
    """
    folder = Path(settings.DATA_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / _LOCK_NAME).open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
