"""Nothing of a study's page is cut without a hint, and no panel is larger than what it says."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.servers import DeskServer, Feeder
from tests.web.test_browser_overview import SLOW, log_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# figures as long as an examined study of thousands of trials has them
LONG = """rows => rows.forEach((row) => {
  const texts = {
    0: "#1269", 1: "+6\u202f194.45\u202f%", 2: "\u2248 explained by luck",
    3: "donchian champion aggressive", "-9": "0.035", "-10": "+14.73\u202f%", "-8": "0.81",
    "-7": "+1\u202f903.32\u202f%", "-6": "\u221237.51\u202f% to +378\u202f200\u202f%",
    "-5": "100\u202f%", "-4": "+77.63\u202f%", "-3": "\u221283.56\u202f%", "-2": "2.46",
  };
  const cells = [...row.cells];
  for (const [place, words] of Object.entries(texts)) cells.at(Number(place)).textContent = words;
})"""
WIDTHS = "wrap => [wrap.scrollWidth, wrap.clientWidth]"


@pytest.fixture(scope="module")
def study(orchestrator: Feeder) -> int:
    return int(orchestrator.do("study", n=60)["study"])


@pytest.fixture
def opened(page: Page, desk_server: DeskServer, study: int) -> Page:
    log_in(page, desk_server, f"/optimizer/{study}/")
    expect(page.locator("#trials-plot .scatterlayer .point").first).to_be_visible(timeout=SLOW)
    return page


def test_every_column_of_the_ranked_table_fits_a_desk(opened: Page) -> None:
    opened.locator("#ranked-table tbody tr").evaluate_all(LONG)
    within, width = opened.locator(".table-ranked").evaluate(WIDTHS)
    assert within <= width


def test_the_row_lines_of_the_first_column_go_on_in_the_others(opened: Page) -> None:
    style = "e => [getComputedStyle(e).boxShadow, getComputedStyle(e).borderBottomWidth]"
    row = opened.locator("#ranked-table tbody tr").first
    assert row.locator("th").evaluate(style) == row.locator("td").first.evaluate(style)
    # of a collapsed border a sticky cell keeps one half, and moves away from the other
    table = opened.locator("#ranked-table")
    assert table.evaluate("e => getComputedStyle(e).borderCollapse") == "separate"


def test_no_line_of_the_best_is_cut(opened: Page) -> None:
    inner, outer = opened.locator("#panel-body-best").evaluate(
        "box => [box.scrollHeight, box.clientHeight]"
    )
    assert inner <= outer


def test_a_walk_forward_that_has_not_begun_takes_no_more_room_than_it_needs(opened: Page) -> None:
    boxes = [
        opened.locator(f"section[aria-labelledby='h-{name}']").bounding_box()
        for name in ("folds", "scrutiny", "speed")
    ]
    assert len({round(box["y"]) for box in boxes if box}) == 1  # one row
    assert max(box["height"] for box in boxes if box) < 300


def test_parallel_axes_beyond_the_edge_are_announced(opened: Page) -> None:
    opened.locator("#h-parallel").scroll_into_view_if_needed()
    opened.locator("#strategy").select_option("csma_revert", timeout=SLOW)
    expect(opened.locator("#parallel-note")).to_contain_text("Scroll sideways for all 10 columns.")
    opened.locator("#strategy").select_option("donchian_champion")
    expect(opened.locator("#parallel-note")).not_to_contain_text("Scroll")
