"""A study's page in a real browser while another process stores its trials."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.servers import DeskServer, Feeder
from tests.web.test_browser_overview import SLOW, log_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
FIRST = 48


@pytest.fixture(scope="module")
def study(orchestrator: Feeder) -> int:
    return int(orchestrator.do("study", n=FIRST)["study"])


@pytest.fixture
def opened(page: Page, desk_server: DeskServer, study: int) -> Page:
    """Return the study's page, connected, with its trials drawn."""
    log_in(page, desk_server, f"/optimizer/{study}/")
    expect(page.locator("[data-socket]")).to_have_attribute("data-socket", "open", timeout=SLOW)
    expect(page.locator("#trials-plot .scatterlayer .point").first).to_be_visible(timeout=SLOW)
    return page


def expect_n(page: Page, n: int, budget_ms: int = SLOW) -> None:
    expect(page.locator("#study")).to_have_attribute("data-n", str(n), timeout=budget_ms)


def points(page: Page) -> int:
    return page.locator("#trials-plot .scatterlayer .trace").first.locator(".point").count()


def test_new_trials_arrive_over_the_socket(opened: Page, orchestrator: Feeder, study: int) -> None:
    before = points(opened)
    n = orchestrator.do("go_on", study=study, n=20)["n"]
    expect_n(opened, n)
    expect(opened.locator("[data-progress='done']")).to_have_text(str(n))
    marks = "#trials-plot .scatterlayer .trace:first-child .point"
    opened.wait_for_function(
        "([marks, before]) => document.querySelectorAll(marks).length > before",
        arg=[marks, before],
        timeout=SLOW,
    )
    rows = opened.locator("#ranked-table tbody tr")
    expect(rows).to_have_count(points(opened), timeout=SLOW)


def test_both_counts_of_trials_ever_made_are_of_one_moment(
    opened: Page, orchestrator: Feeder, study: int
) -> None:
    n = orchestrator.do("go_on", study=study, n=12)["n"]
    charged = opened.locator("#panel-body-scrutiny")
    expect(charged).to_contain_text(f"{n} trials ever made", timeout=SLOW)
    expect(opened.locator("#panel-body-progress")).to_contain_text(f"Searched ever {n}")


def test_lost_news_is_asked_for(opened: Page, orchestrator: Feeder, study: int) -> None:
    n = orchestrator.do("go_on", study=study, n=8, silent=True)["n"]
    expect_n(opened, n)


def test_a_measure_is_chosen_and_remembered(opened: Page) -> None:
    opened.get_by_label("Measured by").select_option("mar")
    expect(opened.locator("#trials-plot .ytitle")).to_have_text("mar", timeout=SLOW)
    opened.reload()
    expect(opened.locator("#trials-plot .ytitle")).to_have_text("mar", timeout=SLOW)


def test_a_row_opens_beside_the_page_and_closes_back_to_it(opened: Page, study: int) -> None:
    address = opened.url
    opened.locator("#ranked-table a[data-side]").first.click()
    expect(opened.locator("#side-title")).to_contain_text(f"of study {study}")
    assert "/trials/" in opened.url
    opened.get_by_role("button", name="Close the detail").click()
    expect(opened.locator("#side")).to_be_hidden()
    assert opened.url == address


def test_what_is_read_does_not_move_under_the_eyes(
    opened: Page, orchestrator: Feeder, study: int
) -> None:
    search = opened.locator("[data-filter]").first
    opened.keyboard.press("/")
    expect(search).to_be_focused()
    search.fill("csma")
    shown = opened.locator("#ranked-table tbody tr:visible")
    n = orchestrator.do("go_on", study=study, n=8)["n"]
    expect_n(opened, n)
    opened.wait_for_timeout(2500)
    for text in shown.all_inner_texts():
        assert "csma" in text  # the refreshed rows are still filtered


def test_a_filter_without_hits_says_so_instead_of_an_empty_table(opened: Page) -> None:
    typed = opened.locator("[data-tools='ranked'] [data-filter]")
    typed.fill("no such thing")
    said = opened.get_by_text(re.compile("No row has “no such thing”. Clear the filter to see"))
    expect(said).to_be_visible()
    expect(opened.locator("#ranked-table")).not_to_be_visible()
    typed.fill("")
    expect(said).not_to_be_visible()
    expect(opened.locator("#ranked-table")).to_be_visible()
    loss = opened.locator(
        "#ranked-table tbody td:nth-child(2)", has_text="\u2212"
    ).first.inner_text()
    typed.fill(loss.replace("\u2212", "-").replace("\u202f", " ").removesuffix("%"))
    expect(opened.locator("#ranked-table tbody tr:visible").first).to_contain_text(loss)


def test_keys_lead_to_the_optimizer(page: Page, desk_server: DeskServer) -> None:
    log_in(page, desk_server)
    expect(page.locator("[data-socket]")).to_have_attribute("data-socket", "open", timeout=SLOW)
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/optimizer/")
    expect(page.locator("h1")).to_have_text("Optimizer")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_scrolls_sideways(
    chromium: Browser, desk_server: DeskServer, study: int, width: int, theme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 844},
        color_scheme=theme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    log_in(page, desk_server, "/optimizer/")
    for path in ("/optimizer/", f"/optimizer/{study}/", f"/optimizer/{study}/trials/0/"):
        page.goto(f"{desk_server.url}{path}")
        for panel in page.locator(".panel").all():
            panel.scroll_into_view_if_needed()
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
    context.close()


def test_without_redis_the_page_still_follows(
    opened: Page, desk_server: DeskServer, orchestrator: Feeder, study: int
) -> None:
    desk_server.stop_redis()
    try:
        n = orchestrator.do("go_on", study=study, n=12, silent=True)["n"]
        expect_n(opened, n, 60_000)
        expect(opened.locator("[data-progress='done']")).to_have_text(str(n), timeout=SLOW)
    finally:
        desk_server.start_redis()
    expect(opened.locator("[data-socket]")).to_have_attribute(
        "data-socket", "open", timeout=3 * SLOW
    )
    n = orchestrator.do("go_on", study=study, n=4)["n"]
    expect_n(opened, n)


@pytest.mark.parametrize("width", [1440, 1024])
def test_no_column_of_the_ranked_table_covers_another(
    chromium: Browser, desk_server: DeskServer, study: int, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    log_in(page, desk_server, f"/optimizer/{study}/")
    page.locator("#ranked-table").scroll_into_view_if_needed()
    edges = page.locator("#ranked-table tbody tr").first.evaluate(
        "row => [...row.cells].map(c => c.getBoundingClientRect()).map(r => [r.left, r.right])"
    )
    assert len(edges) == 15
    for (_, right), (left, _) in pairwise(edges):
        assert right <= left + 1
    context.close()
