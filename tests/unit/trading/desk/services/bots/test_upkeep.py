"""The chore that lets sessions follow the configuration never fails and asks little."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from structlog.testing import capture_logs

from tests.factories import desk
from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from tests.oracles.desk_parity import entries_of
from tests.oracles.paths import schedule
from trading.base.domain.events import BOTS_FOLLOWED, BOTS_UNCHANGED
from trading.desk.models import Bot, DeskSession
from trading.desk.services.bots.upkeep import ghosts_keep
from trading.desk.services.config.overrides import config_rollback, override_set

pytestmark = pytest.mark.django_db
CLOCK = FakeClock()
MINE = {"venue": "bybit", "pair": "ETH/USDT", "strategy": "hybrid_v2"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> ConfigFolder:
    """Point the desk at a configuration of the test's own."""
    own = ConfigFolder(tmp_path)
    settings.CONFIG_PATH = own.root
    return own


def keep(entries: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    with capture_logs() as logs:
        ghosts_keep(swap_cost_entries=lambda: entries, clock=CLOCK)
    return logs


def write() -> None:
    override_set(
        changes={"bots.installed": {"mine": MINE}}, reason="a test", author="olga", clock=CLOCK
    )


def test_without_installed_bots_it_reads_twice_and_says_nothing() -> None:
    desk.bot(desk.session(desk.feed(venue="bybit")))
    with CaptureQueriesContext(connection) as queries:
        assert keep() == []
    assert len(queries) == 2


def test_it_starts_and_stops_what_the_configuration_says() -> None:
    desk.feed(venue="bybit")
    write()
    entries = entries_of(schedule())
    assert keep(entries)[0]["event"] == BOTS_FOLLOWED.name
    assert Bot.objects.get().name == "mine"
    assert keep(entries) == []
    config_rollback(number=0, reason="a test", author="olga", clock=CLOCK)
    assert keep(entries) != []
    assert not DeskSession.objects.get().is_wanted


def test_what_cannot_start_is_said_and_nothing_else_happens() -> None:
    desk.feed(venue="bybit")
    write()
    (line,) = keep(None)
    assert line["event"] == BOTS_UNCHANGED.name
    assert not DeskSession.objects.exists()


def test_a_broken_file_changes_nothing(folder: ConfigFolder) -> None:
    desk.feed(venue="bybit")
    write()
    keep(entries_of(schedule()))
    folder.write("desk.yaml", "bots: {strategies: [brekout]}\n")
    (line,) = keep(entries_of(schedule()))
    assert line["event"] == BOTS_UNCHANGED.name
    assert DeskSession.objects.get().is_wanted
