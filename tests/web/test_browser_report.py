"""The report in a real browser, from a disk: it draws, sorts, filters, and asks nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from optimizer.adapters.html_report import HtmlReport
from optimizer.domain.importance import parameter_tables
from tests import report_scene

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "shell" / "tokens.css"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a report on disk."""
    study = report_scene.study()
    path = tmp_path_factory.mktemp("report") / "report.html"
    page = HtmlReport(tokens=TOKENS)
    path.write_bytes(page.render(study, report_scene.curves(), parameter_tables(study)))
    return path.as_uri()


@pytest.fixture
def opened(page: Page, report: str) -> Page:
    page.goto(report)
    return page


def column(page: Page, label: str) -> Callable[[], list[str]]:
    """Return a reader of the sort keys of one column of the last window's table."""
    heads = page.locator("#window-1y-rows th").all_inner_texts()
    place = [head.strip() for head in heads].index(label)
    script = "(rows, place) => rows.map(row => row.children[place].dataset.k)"
    rows = page.locator("#window-1y-rows tbody tr")
    return lambda: list(rows.evaluate_all(script, place))


def numbers(keys: list[str]) -> list[float]:
    return [float(key) for key in keys if key]


def test_clicking_a_header_sorts_both_ways_and_keeps_what_is_missing_last(opened: Page) -> None:
    gain, holdout = column(opened, "Return"), column(opened, "Holdout")
    assert numbers(gain()) == sorted(numbers(gain()), reverse=True)
    header = opened.locator("#window-1y-rows th", has_text=re.compile("^Return$"))
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert numbers(gain()) == sorted(numbers(gain()))
    opened.locator("#window-1y-rows th button", has_text="Holdout").click()
    expect(header).to_have_attribute("aria-sort", "none")
    found = holdout()
    assert numbers(found) == sorted(numbers(found), reverse=True)
    assert found[: len(numbers(found))] == [key for key in found if key]
    opened.locator("#window-1y-rows th button", has_text="Holdout").click()
    assert holdout()[: len(numbers(found))] == [repr(n) for n in sorted(numbers(found))]


def test_text_sorts_by_the_alphabet(opened: Page) -> None:
    strategies = column(opened, "Strategy")
    opened.locator("#window-1y-rows th button", has_text="Strategy").click()
    assert strategies() == sorted(strategies())
    assert len(set(strategies())) == 2


def test_the_filter_keeps_matching_rows_only(opened: Page) -> None:
    opened.locator("[data-filter='window-1y-rows']").fill("survives")
    rows = opened.locator("#window-1y-rows tbody tr:visible")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("survives")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a report whose trials have numbers of four digits."""
    path = tmp_path_factory.mktemp("large") / "report.html"
    page = HtmlReport(tokens=TOKENS)
    path.write_bytes(page.render(report_scene.study(1300), [], []))
    return path.as_uri()


def test_a_trial_is_found_by_its_number_however_it_is_typed(page: Page, large: str) -> None:
    page.goto(large)
    numbers = page.locator("#window-1y-rows tbody tr td:first-child").all_inner_texts()
    number = next(text for text in numbers if len(text) == 4)
    shown = page.locator("#window-1y-rows tbody tr:visible")
    for typed in (number, *(f"{number[0]}{gap}{number[1:]}" for gap in " \u00a0\u2009\u202f")):
        page.locator("[data-filter='window-1y-rows']").fill(typed)
        expect(shown.locator("td:first-child", has_text=re.compile(f"^{number}$"))).to_be_visible()
        assert shown.count() < len(numbers) / 4
    cell = shown.first.locator("td").nth(8)
    page.locator("[data-filter='window-1y-rows']").fill(cell.inner_text().replace("\u2212", "-"))
    expect(shown.first).to_be_visible()


def test_a_filter_without_hits_says_so_instead_of_an_empty_table(opened: Page) -> None:
    typed, table = opened.locator("[data-filter='window-1y-rows']"), "#window-1y-rows"
    typed.fill("no such thing")
    said = opened.get_by_text("No row has “no such thing”. Clear the filter to see all 100.")
    expect(said).to_be_visible()
    expect(opened.locator(table)).not_to_be_visible()
    typed.fill("")
    expect(said).not_to_be_visible()
    expect(opened.locator(table)).to_be_visible()


def test_luck_is_a_word_with_its_reasons_behind_it(opened: Page) -> None:
    verdict = opened.locator("#window-1y-rows td.luck").first
    reason = verdict.get_by_text("below 0.95")
    expect(reason).not_to_be_visible()
    verdict.locator("summary").click()
    expect(reason).to_be_visible()


def test_windows_are_tabs_that_obey_mouse_and_arrows(opened: Page) -> None:
    expect(opened.locator("#window-1y")).to_be_visible()
    expect(opened.locator("#window-30d")).not_to_be_visible()
    opened.get_by_role("tab", name="30d").click()
    expect(opened.locator("#window-30d")).to_be_visible()
    opened.keyboard.press("ArrowRight")
    expect(opened.get_by_role("tab", name="90d")).to_be_focused()
    expect(opened.locator("#window-90d")).to_be_visible()


def test_every_picture_is_drawn_when_it_comes_into_view(opened: Page) -> None:
    for name in ("equity", "trades-12", "importance-csma_revert", "walk-forward"):
        picture = opened.locator(f"[data-picture='{name}']")
        picture.scroll_into_view_if_needed()
        expect(picture.locator(".main-svg").first).to_be_visible(timeout=15_000)
    lines = opened.locator("[data-picture='equity'] .scatterlayer .trace")
    expect(lines).to_have_count(8)  # three runs and holding, equity and drawdown each
    parallel = opened.locator("[data-picture='parallel-csma_revert']")
    parallel.scroll_into_view_if_needed()
    expect(parallel.get_by_text("entry_days").first).to_be_visible(timeout=15_000)
    expect(opened.get_by_text("96 of 96 complete trials")).to_be_visible()


def test_nothing_is_asked_of_anybody(page: Page, report: str) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(report)
    page.locator("#walk-forward").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_never_scrolls_sideways(page: Page, report: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(report)
    for section in page.locator("main > section").all():
        section.scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") == width


DRAWN = "document.querySelectorAll('[data-picture]:has(.main-svg)').length"
WIDEST = "Math.max(...[...document.querySelectorAll('.main-svg')].map(svg => svg.clientWidth))"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_on_paper_every_picture_of_every_tab_is_drawn_in_light(
    page: Page, report: str, theme: str
) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(report)
    page.locator("#equity").scroll_into_view_if_needed()
    equity = page.locator("[data-picture='equity'] .main-svg").first
    expect(equity).to_be_visible(timeout=15_000)
    width = equity.evaluate("svg => svg.clientWidth")
    pictures = page.locator("[data-picture]")
    n = pictures.count()
    assert page.locator("[data-picture] .main-svg").count() < n  # most are further down, or hidden
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.onPaper = {DRAWN}; }})")
    page.pdf()
    assert page.evaluate("window.onPaper") == n
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for panel in page.get_by_role("tabpanel").all():
        expect(panel).to_be_visible()
    assert page.evaluate(WIDEST) <= 980  # a landscape page
    assert page.locator("[data-picture^='parallel'] canvas").count() == 0  # lost beyond sixteen
    text = page.locator("[data-picture='equity'] .xtick text").first
    assert text.evaluate("text => text.style.fill") == "rgb(48, 56, 60)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.get_by_role("tabpanel").locator("visible=true")).to_have_count(4)
    assert not page.evaluate("document.documentElement.dataset.theme")
    expect(equity).to_have_attribute("width", str(width))


def test_what_was_printed_is_drawn_again_where_its_tab_opens(page: Page, report: str) -> None:
    page.goto(report)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.locator("#parameters").scroll_into_view_if_needed()
    page.get_by_role("tab", name="donchian_champion", exact=True).click()
    parallel = page.locator("[data-picture='parallel-donchian_champion']")
    expect(parallel.locator("canvas").first).to_be_visible(timeout=15_000)
    expect(page.locator("#parameters-donchian_champion .note")).to_have_count(1)
