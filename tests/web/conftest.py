"""A logged-in operator, a desk to look at, and a real server for browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import factories as make
from tests.conftest import refuse_or_skip
from tests.web import desk_scene
from tests.web.browsers import NoBrowserError, browser_launch
from tests.web.desk_scene import Scene
from tests.web.servers import DeskServer, Feeder
from trading.base import bootstrap

# What is expected comes in a tenth of a second; beside other tests on a busy machine, in seconds.
expect.set_options(timeout=30_000)


@pytest.fixture
def operator(db: None) -> User:
    """Return somebody who may pause and kill."""
    return make.operator()


@pytest.fixture
def desk(client: Client, operator: User) -> Client:
    """Return the operator's browser, logged in."""
    client.force_login(operator)
    return client


@pytest.fixture
def scene(db: None) -> Scene:
    """Return a desk in the middle of its work."""
    return desk_scene.build(bootstrap.system_clock().now())


@pytest.fixture(scope="module")
def desk_server(migrated: Path) -> Iterator[DeskServer]:
    """Return a real server with its own database and Redis."""
    server = DeskServer(migrated)
    yield server
    server.close()


@pytest.fixture(scope="module")
def feeder(desk_server: DeskServer) -> Iterator[Feeder]:
    """Return the hand that writes and publishes what stream and session would."""
    made = Feeder(desk_server)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a headless Chromium.

    Ended with its module: while Playwright's loop runs in this thread, no other loop can.
    """
    with sync_playwright() as playwright:
        try:
            browser = browser_launch(playwright)
        except NoBrowserError as error:
            refuse_or_skip(f"no Chromium starts: {error}")
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Return a fresh page at desktop width that fails its test when a script fails."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    context.close()
    assert errors == []
