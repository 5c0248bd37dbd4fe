"""An edit of a configuration file is noticed, once the file has rested."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from trading.base.domain.errors import ConfigError
from trading.desk.services.config.watching import REST_S, ConfigWatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> ConfigFolder:
    """Return the folder that the watch looks at."""
    made = ConfigFolder(tmp_path)
    settings.CONFIG_PATH = made.root
    return made


def rested(watch: ConfigWatch, clock: FakeClock) -> float | None:
    """Return the conviction asked for after the edit has rested, None without news."""
    assert watch.news(0) is None  # seen, but it has not rested
    clock.advance(REST_S)
    found = watch.news(0)
    return None if found is None else found.policy.signals.conviction_min


def text(value: float) -> str:
    return f"policy: {{signals: {{conviction_min: {value}}}}}\n"


def include(folder: ConfigFolder) -> None:
    folder.write("desk.yaml", "policy: {signals: !include more/signals.yaml}\n")
    folder.write("more/signals.yaml", "conviction_min: 0.5\n")


def replace(folder: ConfigFolder) -> None:
    os.replace(folder.write("site.new", text(0.5)), folder.path / "site.yaml")


@pytest.mark.parametrize(
    "edit",
    [
        lambda f: f.write("site.yaml", text(0.5)),  # a new file
        lambda f: f.write("desk.yaml", text(0.5)),
        include,
        replace,
    ],
)
def test_an_edit_counts_whatever_file_it_is_in(
    folder: ConfigFolder, edit: Callable[[ConfigFolder], None]
) -> None:
    clock = FakeClock()
    watch = ConfigWatch(folder.root, clock)
    assert watch.news(0) is not None
    assert watch.news(0) is None
    edit(folder)
    assert rested(watch, clock) == 0.5
    clock.advance(10)
    assert watch.news(0) is None


def test_a_file_that_is_still_written_waits_and_one_taken_away_counts(
    folder: ConfigFolder,
) -> None:
    clock = FakeClock()
    site = folder.write("site.yaml", text(0.5))
    watch = ConfigWatch(folder.root, clock)
    assert watch.news(0) is not None
    site.write_text("")
    assert watch.news(0) is None
    clock.advance(REST_S / 2)
    site.write_text(text(0.625))
    assert watch.news(0) is None
    clock.advance(REST_S / 2)
    assert watch.news(0) is None  # half a second since it was last written
    clock.advance(REST_S / 2)
    found = watch.news(0)
    assert found is not None
    assert found.policy.signals.conviction_min == 0.625
    site.unlink()
    assert rested(watch, clock) == 0.28


def test_a_broken_file_is_said_once_and_read_again_when_it_is_mended(folder: ConfigFolder) -> None:
    clock = FakeClock()
    watch = ConfigWatch(folder.root, clock)
    watch.news(0)
    folder.write("site.yaml", "policy: [\n")
    assert watch.news(0) is None
    clock.advance(REST_S)
    with pytest.raises(ConfigError):
        watch.news(0)
    clock.advance(REST_S)
    assert watch.news(0) is None
    folder.write("site.yaml", text(0.5))
    assert rested(watch, clock) == 0.5


def test_a_revision_counts_at_once(folder: ConfigFolder) -> None:
    watch = ConfigWatch(folder.root, FakeClock())
    assert watch.news(0) is not None
    assert watch.news(1) is not None
    assert watch.news(1) is None
