"""Killing, lifting a kill and re-arming in a browser: named, with a reason, held to confirm."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.servers import DeskServer, Feeder
from tests.web.test_browser_overview import BTC, SLOW, hold, log_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
HELD = 2000  # ms; what is dangerous is held twice as long as a pause


@pytest.fixture
def overview(page: Page, desk_server: DeskServer) -> Page:
    """Return the overview, live."""
    log_in(page, desk_server)
    expect(page.locator("[data-socket]")).to_have_attribute("data-socket", "open", timeout=SLOW)
    return page


def give(page: Page, button: str | re.Pattern[str], reason: str) -> None:
    """Fill the reason and hold the button of the dialog at hand."""
    page.get_by_label("Why?").fill(reason)
    hold(page.locator("#control-sheet").get_by_role("button", name=button), page, HELD)


def test_a_kill_is_lifted_by_its_own_act_and_never_resumed(overview: Page, feeder: Feeder) -> None:
    overview.get_by_role("link", name="Kill", exact=True).click()
    give(overview, "Kill the desk", "strange prices")
    expect(overview.locator(".state-word")).to_contain_text("Halted", timeout=SLOW)
    expect(overview.locator("#toast")).to_contain_text("Only “Lift kill” lets bots trade again")
    expect(overview.locator("#do-resume")).to_have_count(0)
    lift = overview.get_by_role("link", name="Lift kill", exact=True)
    lift.click()
    sheet = overview.locator("#control-sheet")
    expect(sheet.get_by_role("heading")).to_have_text("Lift the kill")
    button = sheet.get_by_role("button", name="Lift the kill")
    hold(button, overview, HELD)  # without a reason nothing happens
    overview.get_by_label("Why?").fill("the venue has mended them")
    hold(button, overview, 900)  # a pause would be held long enough by now
    assert feeder.do("control")["state"] == "HALTED"
    hold(button, overview, HELD)
    expect(overview.locator(".state-word")).to_contain_text("Active", timeout=SLOW)
    order = feeder.do("control")
    assert (order["state"], order["reason"]) == ("ACTIVE", "the venue has mended them")
    expect(overview.get_by_role("link", name="Pause", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_kill_has_a_page_of_its_own_with_one_title(overview: Page, width: int) -> None:
    overview.set_viewport_size({"width": width, "height": 900})
    overview.goto(f"{overview.url}control/kill/")
    expect(overview.get_by_role("heading", name="Kill the desk")).to_have_count(1)
    assert overview.evaluate("document.documentElement.scrollWidth") <= width


def test_a_bot_stopped_by_its_drawdown_is_rearmed_where_it_says_so(
    overview: Page, feeder: Feeder
) -> None:
    bot = feeder.do("drawdown", pair=BTC)["id"]
    row = overview.locator(f'#bots-table tr[data-row="{bot}"]')
    expect(row).to_contain_text(re.compile(r"Stopped for entries: 27\.00.% below its peak"))
    expect(overview.locator('[data-check="drawdown"]')).to_contain_text("until they are re-armed")
    row.get_by_role("link", name=re.compile("^Re-arm ")).click()
    sheet = overview.locator("#control-sheet")
    expect(sheet.locator(".preview")).to_contain_text("below its peak of")
    give(overview, re.compile("^Re-arm "), "its parameters are mended")
    expect(overview.locator("#toast")).to_contain_text("Re-armed", timeout=SLOW)
    assert feeder.do("rearmed") == {
        "bot": bot, "reason": "its parameters are mended", "actor": "olga"
    }  # fmt: skip
