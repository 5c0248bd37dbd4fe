"""The whole desk as ``manage.py up`` starts it, operated in a real browser.

Acceptance 5 of the desk: log in, see candles advance over the socket, a decision appear with its
reason, a checkpoint appear, pause the desk and see it obey.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.servers import REPOSITORY, child_environment, free_port, wait_until

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("up"),
]  # fmt: skip
READY_S = 240.0  # processes import for seconds each; they share the machine with other tests
SLOW = 60_000  # ms
CHECKPOINT = 240_000  # ms; at five bars a second a profitable close comes every few seconds


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the desk is and who may log in."""

    url: str
    username: str
    password: str


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Start the whole desk on the simulated market, five bars a second; drain it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="up-"))
    answer = home / "answer.json"
    environment = child_environment(home, GUARDIAN__MARKET__SIMULATED__BAR_SECONDS="0.2")
    command = [
        sys.executable, "manage.py", "up", "--demo", "--workers", "1", "--json",
        "--port", str(free_port()),
    ]  # fmt: skip
    with answer.open("w") as out, (home / "up.log").open("w") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=out, stderr=log)
        try:
            wait_until(
                lambda: bool(answer.read_text().strip()) or process.poll() is not None,
                "the desk's address",
                READY_S,
            )
            text = answer.read_text().strip()
            assert text, (home / "up.log").read_text()
            said = json.loads(text.splitlines()[-1])
            yield Stack(said["url"], said["login"]["username"], said["login"]["password"])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)
    shutil.rmtree(home, ignore_errors=True)


def newest(page: Page, selector: str, name: str) -> int:
    """Return the id of the first item of a feed, 0 without one."""
    first = page.locator(selector).first
    return int(first.get_attribute(name) or 0) if page.locator(selector).count() else 0


def wait_for_newer(page: Page, selector: str, name: str, than: int, budget_ms: int) -> None:
    page.wait_for_function(
        "([s, n, than]) => Number(document.querySelector(s)?.getAttribute(n) ?? 0) > than",
        arg=[selector, name, than],
        timeout=budget_ms,
    )


def decisions(page: Page) -> list[tuple[int, str]]:
    """Return id and text of what the feed shows, in one look."""
    script = "items => items.map(e => [Number(e.dataset.id), e.textContent])"
    rows = page.locator("#panel-body-decisions [data-id]").evaluate_all(script)
    return [(int(n), str(text)) for n, text in rows]


def test_an_operator_watches_the_desk_work_and_pauses_it(page: Page, stack: Stack) -> None:
    page.goto(stack.url)
    page.get_by_label("Name").fill(stack.username)
    page.get_by_label("Password").fill(stack.password)
    page.get_by_role("button", name="Log in").click()

    expect(page.locator(".mode")).to_contain_text("SIMULATED")
    chart = page.locator("#chart[data-n]")
    expect(chart).to_be_visible(timeout=SLOW)
    expect(page.locator("[data-socket]")).to_have_attribute("data-socket", "open")

    wait_for_newer(page, "#chart", "data-n", newest(page, "#chart", "data-n") + 5, SLOW)

    feed = "#panel-body-decisions [data-id]"
    wait_for_newer(page, feed, "data-id", newest(page, feed, "data-id"), SLOW)
    reason = page.locator("#panel-body-decisions .feed-text").first
    expect(reason).to_have_text(
        re.compile(r"^(Skipped|Entry ordered|Exit ordered|Stopped out): .+\.$")
    )

    saved = "#panel-body-savings [data-checkpoint]"
    wait_for_newer(
        page, saved, "data-checkpoint", newest(page, saved, "data-checkpoint"), CHECKPOINT
    )
    expect(page.locator("#panel-body-savings .feed-text").first).to_have_text(
        re.compile(r"^(Reserved|Skipped).*\.$")
    )

    page.get_by_role("link", name="Pause", exact=True).click()
    page.get_by_label("Why?").fill("the acceptance test says so")
    page.get_by_role("button", name="Pause the desk").hover()
    page.mouse.down()
    page.wait_for_timeout(1200)
    page.mouse.up()
    expect(page.locator(".state-word")).to_contain_text("Paused", timeout=SLOW)
    expect(page.locator('[data-check="state"]')).to_contain_text("the acceptance test says so")

    paused = page.locator("#panel-body-decisions .feed-text", has_text="the desk is paused")
    expect(paused.first).to_be_visible(timeout=CHECKPOINT)
    refused = min(n for n, text in decisions(page) if "the desk is paused" in text)
    wait_for_newer(page, feed, "data-id", newest(page, feed, "data-id"), SLOW)
    # from the first refusal on no bot enters: everything newer is a refusal or an exit
    assert [text for n, text in decisions(page) if n > refused and "Entry ordered" in text] == []
