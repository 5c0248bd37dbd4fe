"""A study that ends while somebody looks: its word, its orders and its figures change at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import factories as make
from tests.waiting import wait_for
from tests.web.optimizer.study_feeder import STEERS
from tests.web.servers import DeskServer, Feeder
from tests.web.test_browser_overview import SLOW

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WATCH = """() => {
  const isSeen = (what) => Boolean(document.querySelector(what)?.checkVisibility());
  new MutationObserver(() => {
    if (window.atEnd) return;
    if (document.querySelector("[data-progress='state']").textContent !== "cancelled") return;
    const parts = ["#do-cancel", "#do-continue", ".study-figures [data-progress='left']"];
    window.atEnd = [...parts, "[data-progress='took']"].map(isSeen);
  }).observe(document.getElementById("study"), { subtree: true, childList: true });
}"""


def test_word_orders_and_figures_of_a_cancelled_study_change_at_once(
    page: Page, desk_server: DeskServer, orchestrator: Feeder
) -> None:
    study = int(orchestrator.do("study", n=24)["study"])
    page.goto(f"{desk_server.url}/optimizer/{study}/")
    page.get_by_label("Name").fill(STEERS)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("[data-socket]")).to_have_attribute("data-socket", "open", timeout=SLOW)
    expect(page.locator("#trials-plot .scatterlayer .point").first).to_be_visible(timeout=SLOW)
    expect(page.locator("#do-cancel")).to_be_visible()
    page.evaluate(WATCH)
    orchestrator.do("change", study=study, status="cancelled", figures={"elapsed_s": 12.0})
    # the policy of the page refuses what Playwright would poll in it
    wait_for(lambda: bool(page.evaluate("window.atEnd")), "the end of the study", SLOW / 1000)
    assert page.evaluate("window.atEnd") == [False, True, False, True]
    expect(page.locator("[data-progress='took']")).to_have_text("12\u202fs")
