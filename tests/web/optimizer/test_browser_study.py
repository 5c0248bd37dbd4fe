"""A study from the form to a ghost bot, in a real browser on the desk as ``up`` starts it.

Log in, start a search, see it move and the table fill, cancel it, resume it, see the verdict of
scrutiny, take a file along, open the report, install the best row.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.servers import REPOSITORY, child_environment, free_port, wait_until

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("up"),
]  # fmt: skip
READY_S = 240.0  # processes import for seconds each; they share the machine with other tests
SLOW = 60_000  # ms
END = 400_000  # ms; a few hundred trials, scrutiny and the report on a busy machine
N_TRIALS = 4000


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Return a data directory with candles to search and swap costs."""
    made = Path(tempfile.mkdtemp(prefix="up-"))
    subprocess.run(
        [sys.executable, "-m", "tests.web.optimizer.fill_store"],
        cwd=REPOSITORY, env=child_environment(made), check=True,
    )  # fmt: skip
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def stack(home: Path) -> Iterator[dict[str, str]]:
    """Start the whole desk; drain it afterwards."""
    answer = home / "answer.json"
    command = [
        sys.executable, "manage.py", "up", "--demo", "--workers", "1", "--json",
        "--port", str(free_port()),
    ]  # fmt: skip
    with answer.open("w") as out, (home / "up.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=child_environment(home), stdout=out, stderr=log
        )
        try:
            wait_until(
                lambda: bool(answer.read_text().strip()) or process.poll() is not None,
                "the desk's address",
                READY_S,
            )
            text = answer.read_text().strip()
            assert text, (home / "up.log").read_text()
            said = json.loads(text.splitlines()[-1])
            yield {"url": said["url"], **said["login"]}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)


def stored(page: Page) -> int:
    return int(page.locator("#study").get_attribute("data-n") or 0)


def wait_for_more(page: Page, than: int) -> None:
    page.wait_for_function(
        "than => Number(document.getElementById('study').dataset.n) > than", arg=than, timeout=END
    )


def wait_for_state(page: Page, state: str) -> None:
    expect(page.locator("#study")).to_have_attribute("data-state", state, timeout=END)


def start(page: Page, stack: dict[str, str]) -> None:
    page.goto(stack["url"])
    page.get_by_label("Name").fill(stack["username"])
    page.get_by_label("Password").fill(stack["password"])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Optimizer").click()
    page.get_by_label("Trials", exact=True).fill("many")
    page.get_by_label("Seed").fill("-1")
    page.get_by_role("button", name="Start the study").click()
    expect(page.locator("#e-trials")).to_have_text("Trials was 'many'; expected a whole number")
    refused = page.locator("#f-seed").bounding_box()
    form = page.locator(".study-form").bounding_box()
    assert refused
    assert form  # a refusal that names a number of 19 digits widens no field
    assert refused["x"] + refused["width"] <= form["x"] + form["width"]
    page.get_by_label("Trials", exact=True).fill(str(N_TRIALS))
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Windows").fill("30d,all")
    page.locator('input[name="sampler"][value="gp"]').check()  # slow enough to be watched
    page.get_by_role("button", name="Start the study").click()
    expect(page.locator("h1")).to_contain_text("Study 1")


def order(page: Page, button: str, title: str) -> None:
    page.get_by_role("link", name=button, exact=True).click()
    page.locator("#control-sheet").get_by_role("button", name=title).click()


def test_a_search_is_started_watched_stopped_resumed_and_installed(
    page: Page, stack: dict[str, str], home: Path
) -> None:
    start(page, stack)
    expect(page.locator("[data-socket]")).to_have_attribute("data-socket", "open", timeout=SLOW)
    wait_for_more(page, 0)
    first = stored(page)
    wait_for_more(page, first)
    expect(page.locator("#ranked-table tbody tr").first).to_be_visible(timeout=SLOW)
    expect(page.locator("#trials-plot .scatterlayer .point").first).to_be_visible(timeout=SLOW)

    order(page, "Cancel", "Cancel the study")
    wait_for_state(page, "cancelled")
    kept = stored(page)
    assert 0 < kept < N_TRIALS
    expect(page.locator("[data-progress='sentence']")).to_contain_text("resume goes on")

    order(page, "Resume", "Resume the study")
    wait_for_more(page, kept)
    wait_for_state(page, "finished")
    assert stored(page) == N_TRIALS
    expect(page.locator("[data-progress='sentence']")).to_contain_text("Of the", timeout=SLOW)
    verdict = page.locator("#ranked-table .luck-cell .mark").first
    expect(verdict).to_have_text(re.compile("explained by luck|not proven|survives"), timeout=SLOW)
    gains = page.locator("#ranked-table tbody tr td:nth-child(2)").evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.value))"
    )
    assert gains == sorted(gains, reverse=True)
    page.locator("#importance-plot").scroll_into_view_if_needed()
    expect(page.locator("#importance-plot .bars .points").first).to_be_visible(timeout=SLOW)
    expect(page.locator("#parallel-plot .scatterlayer .trace").first).to_be_visible(timeout=SLOW)

    check_files(page, home)
    check_install(page)


def check_files(page: Page, home: Path) -> None:
    link = page.get_by_role("link", name="metrics_all.csv")
    with page.expect_download() as download:
        link.click()
    got = Path(download.value.path()).read_bytes()
    run = next((home / "reports" / "optimizer_top_top_strats_run").iterdir())
    assert got == (run / "metrics_all.csv").read_bytes()
    page.evaluate("scrollTo(0, 0)")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open report").click()
    report = popup.value
    expect(report.locator("h1")).to_be_visible(timeout=SLOW)
    assert report.evaluate("window.origin") == "null"  # it cannot act as its reader
    report.close()


def check_install(page: Page) -> None:
    page.locator("#ranked-table .act a").first.click()
    sheet = page.locator("#control-sheet")
    expect(sheet).to_contain_text("No order leaves the desk.")
    sheet.get_by_label("Name of the bot").fill("found-by-test")
    sheet.get_by_role("button", name="Install the ghost bot").click()
    expect(sheet.locator("[data-installed]")).to_contain_text(
        "Ghost bot found-by-test is installed.", timeout=SLOW
    )
    if folder := os.environ.get("GUARDIAN_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/installed.png")
    sheet.get_by_role("button", name="Close").click()
