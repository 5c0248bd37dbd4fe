"""The overview in a real browser, fed over a real socket by another process."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests import factories as make
from tests.web.servers import DeskServer, Feeder

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
BTC = "BTC/USDT"
SLOW = 60_000  # ms; a shared machine can be slow, a healthy one answers in a thirtieth of this


def log_in(page: Page, server: DeskServer, path: str = "/") -> None:
    page.goto(f"{server.url}{path}")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.fixture
def overview(page: Page, desk_server: DeskServer) -> Page:
    """Return the overview with its chart drawn."""
    log_in(page, desk_server)
    expect(page.locator("#chart[data-n]")).to_be_visible(timeout=SLOW)
    return page


def chart_n(page: Page) -> int:
    return int(page.locator("#chart").get_attribute("data-n") or 0)


def hold(button: Locator, page: Page, ms: int) -> None:
    button.hover()
    page.mouse.down()
    page.wait_for_timeout(ms)
    page.mouse.up()


def test_candles_advance_over_the_socket(overview: Page, feeder: Feeder) -> None:
    before = chart_n(overview)
    feeder.do("bar", pair=BTC, close=60_000.0, closed=False)
    expect(overview.locator("#chart-legend")).to_contain_text("60\u202f000.00", timeout=SLOW)
    assert chart_n(overview) == before  # still forming
    written = feeder.do("bar", pair=BTC, close=60_500.0)
    expect(overview.locator("#chart")).to_have_attribute("data-n", str(written["n"]), timeout=SLOW)
    expect(overview.locator("#chart-legend")).to_contain_text("60\u202f500.00")


def test_bars_lost_on_the_way_are_fetched_again(overview: Page, feeder: Feeder) -> None:
    before = chart_n(overview)
    for close in (61_000.0, 61_100.0):
        feeder.do("bar", pair=BTC, close=close, silent=True)
    feeder.do("bar", pair=BTC, close=61_200.0)
    expect(overview.locator("#chart")).to_have_attribute("data-n", str(before + 3), timeout=SLOW)


def test_a_decision_appears_with_its_reason_and_opens_under_its_own_address(
    overview: Page, feeder: Feeder
) -> None:
    feeder.do("bar", pair=BTC, close=60_600.0, silent=True)
    made = feeder.do("decision", pair=BTC)
    line = overview.locator(f'#panel-body-decisions [data-id="{made["id"]}"]')
    expect(line).to_contain_text("Skipped: native balance is 0.004, below 0.01.", timeout=SLOW)
    line.locator("a").click()
    side = overview.get_by_role("complementary", name="Detail")
    expect(side).to_contain_text("native balance", timeout=SLOW)
    expect(overview).to_have_url(re.compile(rf"/decisions/{made['id']}/$"))
    overview.go_back()
    expect(side).to_be_hidden()
    expect(overview).to_have_url(re.compile(r":\d+/$"))


def test_a_checkpoint_appears_as_it_happens(overview: Page, feeder: Feeder) -> None:
    made = feeder.do("checkpoint", pair=BTC)
    line = overview.locator(f'[data-checkpoint="{made["id"]}"]')
    expect(line).to_contain_text("Reserved 5.97\u202fUSDT: 15", timeout=SLOW)


def test_one_bot_is_paused_from_its_row(overview: Page, feeder: Feeder) -> None:
    row = overview.locator("#bots-table tbody tr").first
    row.get_by_role("link", name=re.compile("^Pause ")).click()
    sheet = overview.locator("#control-sheet")
    button = sheet.get_by_role("button", name=re.compile("^Pause .+ on "))
    overview.get_by_label("Why?").fill("its pair is in the news")
    hold(button, overview, 1200)
    expect(row.locator(".orders")).to_contain_text("paused", timeout=SLOW)
    expect(overview.locator(".state-word")).to_have_text(re.compile("Active"))
    row.get_by_role("link", name=re.compile("^Resume ")).click()
    overview.get_by_label("Why?").fill("calm again")
    hold(sheet.get_by_role("button", name=re.compile("^Resume ")), overview, 1200)
    expect(row.locator(".orders")).not_to_contain_text("paused", timeout=SLOW)


def test_the_state_of_the_desk_opens_beside_the_page(overview: Page) -> None:
    overview.locator("#strip .health a").click()
    side = overview.get_by_role("complementary", name="Detail")
    expect(side).to_contain_text(re.compile(r"Level \d\. "), timeout=SLOW)
    expect(overview).to_have_url(re.compile(r"/advisories/$"))


def test_a_short_press_pauses_nothing_and_a_long_one_does(overview: Page, feeder: Feeder) -> None:
    before = feeder.do("control").get("n", 0)
    overview.get_by_role("link", name="Pause", exact=True).click()
    button = overview.get_by_role("button", name="Pause the desk")
    hold(button, overview, 1200)  # without a reason nothing happens however long it is held
    overview.get_by_label("Why?").fill("checking the button")
    hold(button, overview, 200)
    assert feeder.do("control").get("n", 0) == before
    hold(button, overview, 1200)
    expect(overview.locator(".state-word")).to_have_text(re.compile("Paused"), timeout=SLOW)
    expect(overview.locator('[data-check="state"]')).to_contain_text("checking the button")
    order = feeder.do("control")
    assert (order["state"], order["actor"], order["n"]) == ("PAUSED", "olga", before + 1)
    overview.get_by_role("link", name="Resume").click()
    overview.get_by_label("Why?").fill("done")
    overview.keyboard.press("Enter")  # moves on to the button
    overview.keyboard.down("Enter")
    overview.wait_for_timeout(1200)
    overview.keyboard.up("Enter")
    expect(overview.locator(".state-word")).to_have_text(re.compile("Active"), timeout=SLOW)


def test_pair_and_timeframe_can_be_switched_by_keyboard(overview: Page) -> None:
    overview.keyboard.press("]")
    expect(overview.locator("#chart-pair")).to_have_value(re.compile("ETH/USDT"))
    five = overview.get_by_role("radio", name="5m", exact=True)
    five.focus()
    overview.keyboard.press("ArrowRight")
    expect(overview.get_by_role("radio", name="15m")).to_be_focused()
    expect(overview.get_by_role("radio", name="15m")).to_have_attribute("aria-checked", "true")
    expect(overview.locator("#chart")).to_have_attribute("data-n", re.compile(r"^13\d$"))
    overview.reload()  # the choice is remembered
    expect(overview.get_by_role("radio", name="15m")).to_have_attribute("aria-checked", "true")


def test_the_chart_has_the_same_data_as_a_table(overview: Page) -> None:
    overview.get_by_text("The same data as a table").click()
    rows = overview.locator("#chart-rows tr")
    expect(rows).to_have_count(60)
    expect(rows.first.locator("th")).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d$"))


def test_the_bots_can_be_sorted_filtered_and_keep_it_over_a_refresh(
    overview: Page, feeder: Feeder
) -> None:
    head = overview.get_by_role("columnheader", name="Equity")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    overview.keyboard.press("/")
    overview.keyboard.type("eth break")
    expect(overview.locator("[data-count]")).to_have_text("1 of 6 rows")
    feeder.do("decision", pair="ETH/USDT")
    overview.wait_for_timeout(2500)  # a refresh replaces the rows
    expect(overview.locator("[data-count]")).to_have_text("1 of 6 rows")
    expect(head).to_have_attribute("aria-sort", "descending")


def test_the_palette_finds_a_pair(overview: Page) -> None:
    overview.keyboard.press("Control+k")
    overview.keyboard.type("eth/usdt")
    overview.keyboard.press("Enter")
    expect(overview.locator("#chart-pair")).to_have_value(re.compile("ETH/USDT"))


def test_the_equity_curve_is_drawn_when_it_comes_into_view(overview: Page) -> None:
    overview.locator("#equity").scroll_into_view_if_needed()
    expect(overview.locator("#equity .js-plotly-plot .trace").first).to_be_attached(timeout=SLOW)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_nothing_hangs_over_the_edge_of_a_phone(
    chromium: Browser, desk_server: DeskServer, scheme: str
) -> None:
    size = {"width": 390, "height": 844}
    context = chromium.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    log_in(page, desk_server)
    expect(page.locator("#chart[data-n]")).to_be_visible(timeout=SLOW)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(14, 17, 19)") == (scheme == "dark")
    expect(page.get_by_role("link", name="Kill", exact=True)).to_be_visible()
    context.close()


def test_the_operators_theme_outranks_the_systems(overview: Page) -> None:
    overview.locator("details.menu summary").first.click()
    overview.get_by_label("Light").check()
    overview.reload()
    assert overview.evaluate("document.documentElement.dataset.theme") == "light"
    colour = overview.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(244, 245, 243)"


def test_the_theme_may_change_while_the_curve_still_loads(
    page: Page, desk_server: DeskServer
) -> None:
    waiting: list[Route] = []
    # not the bound method itself: playwright writes a mark on what it is given
    page.route("**/plotly*.js", lambda route: waiting.append(route))  # noqa: PLW0108
    log_in(page, desk_server)
    with page.expect_request("**/plotly*.js", timeout=SLOW):
        page.locator("#equity").scroll_into_view_if_needed()
    page.locator("details.menu summary").first.click()
    page.get_by_label("Light").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    waiting[0].continue_()
    expect(page.locator("#equity .js-plotly-plot")).to_be_visible(timeout=SLOW)


def test_a_crashed_server_is_noticed_and_the_page_comes_back_by_itself(
    overview: Page, desk_server: DeskServer, feeder: Feeder
) -> None:
    socket = overview.locator("[data-socket]")
    expect(socket).to_have_attribute("data-socket", "open")
    desk_server.stop_web()
    try:
        expect(socket).to_have_attribute("data-socket", "closed", timeout=SLOW)
        expect(socket).to_contain_text("offline, trying again")
        feeder.do("bar", pair=BTC, close=62_000.0)  # happens while nobody can hear it
    finally:
        desk_server.start()
    expect(socket).to_have_attribute("data-socket", "open", timeout=3 * SLOW)
    written = feeder.do("bar", pair=BTC, close=62_100.0)
    expect(overview.locator("#chart")).to_have_attribute("data-n", str(written["n"]), timeout=SLOW)


def test_a_stranger_is_sent_to_the_login_and_back(page: Page, desk_server: DeskServer) -> None:
    log_in(page, desk_server, "/decisions/1/")
    expect(page).to_have_url(re.compile(r"/decisions/1/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Decision 1")


def test_guesses_over_the_wire_are_refused_whatever_address_they_claim(
    desk_server: DeskServer,
) -> None:
    with httpx.Client(base_url=desk_server.url, trust_env=False) as client:
        client.get("/accounts/login/")
        token = client.cookies["csrftoken"]
        answers = [
            client.post(
                "/accounts/login/",
                data={"username": "nobody", "password": f"{n}", "csrfmiddlewaretoken": token},
                headers={"X-Forwarded-For": f"203.0.113.{n}"},
            )
            for n in range(7)
        ]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 3
    assert "Too many wrong passwords" in answers[-1].text
