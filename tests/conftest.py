"""Fixtures every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings

REPOSITORY = Path(__file__).resolve().parents[1]

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
DEAR_FIXTURES = {"desk_server", "chromium"}  # made once a module, in seconds
WHOLE_DESKS = "up"  # the group of tests that start eight processes each: one desk at a time

PROOF = "proof"  # hypothesis's profile of `make proof`
MORE = 20  # times the examples
_SEARCHED: set[Any] = set()
settings.register_profile(PROOF, deadline=None)


def pytest_xdist_auto_num_workers() -> int:
    """Use one process more than there are cores: some test always waits for a process."""
    return (os.cpu_count() or 1) + 1


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what opens the database, for CI to run it on PostgreSQL again, and what is dear.

    The tests of a module that share what is dear stay together on one worker.
    """
    if _opens_database(item) and item.get_closest_marker("any_store") is None:
        item.add_marker(pytest.mark.services)
    if item.get_closest_marker("xdist_group") is None and DEAR_FIXTURES & _fixtures(item):
        item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    if settings.get_current_profile_name() == PROOF and is_hypothesis_test(_function(item)):
        _search_more(item)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let whoever waits for processes begin first, so that no worker ends with a long one.

    Tests in a transaction of their own stay before those that empty the database.
    """
    items.sort(key=_turn)


def _function(item: pytest.Item) -> Any:
    return getattr(item, "function", None)


def _search_more(item: pytest.Item) -> None:
    """Give a law so many examples more than its own number; hypothesis has no option for it."""
    case = getattr(item, "cls", None)
    of_machine = getattr(case, "settings", None)
    if isinstance(of_machine, settings):  # a state machine, once for its class
        if case not in _SEARCHED:
            _SEARCHED.add(case)
            case.settings = settings(of_machine, max_examples=MORE * of_machine.max_examples)
    else:
        law = _function(item)
        if law not in _SEARCHED:
            _SEARCHED.add(law)
            own = law._hypothesis_internal_use_settings
            more = settings(own, max_examples=MORE * own.max_examples)
            law._hypothesis_internal_use_settings = more
    item.add_marker(pytest.mark.timeout(3_600))


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def _opens_database(item: pytest.Item) -> bool:
    return bool(DATABASE_FIXTURES & _fixtures(item) or item.get_closest_marker("django_db"))


def _turn(item: pytest.Item) -> tuple[int, int]:
    is_long = any(item.get_closest_marker(name) for name in ("slow", "browser", "xdist_group"))
    if not _opens_database(item):
        group = item.get_closest_marker("xdist_group")
        is_desk = group is not None and WHOLE_DESKS in group.args
        return (0, int(not is_desk)) if is_long else (3, 0)
    marker = item.get_closest_marker("django_db")
    is_emptied = "transactional_db" in _fixtures(item) or "live_server" in _fixtures(item)
    if marker is not None and marker.kwargs.get("transaction"):
        is_emptied = True
    return (1 + int(is_emptied), int(not is_long))


def refuse_or_skip(reason: str) -> None:
    """Skip with the reason, but fail under CI, where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real candles that lies beside the checkout."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        refuse_or_skip(f"the real candles are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with every table and no row but those of migrations, to be copied.

    Migrating takes seconds, and many tests start processes on a database of their own.
    """
    file = tmp_path_factory.mktemp("migrated") / "guardian.sqlite3"
    environ = os.environ | {
        "DATABASE_URL": f"sqlite:///{file}",
        "GUARDIAN_DATA_DIR": str(file.parent),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    command = [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"]
    subprocess.run(command, cwd=REPOSITORY, env=environ, check=True)
    return file
