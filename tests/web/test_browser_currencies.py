"""A desk that counts in two currencies, in a real browser at the widths people use."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import factories as make
from tests.web.servers import DeskServer, Feeder, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SLOW = 20_000  # ms
T = "\u202f"


def page_width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_each_currency_has_its_own_figures_and_its_own_curve(
    page: Page, desk_server: DeskServer, feeder: Feeder
) -> None:
    feeder.do("btc_pair")
    page.goto(desk_server.url)
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    figures = page.locator("#panel-body-figures .figure")
    expect(figures.filter(has_text="Equity")).to_have_count(2, timeout=SLOW)
    expect(figures.filter(has_text=f"0.0215431{T}BTC")).to_have_count(1)
    checkpoint = page.locator(".checkpoints").get_by_text(f"Reserved 0.00023146{T}BTC for USDC")
    expect(checkpoint).to_contain_text("still in BTC")
    page.locator("#equity").scroll_into_view_if_needed()
    curves = page.locator("#equity .equity-plot")
    expect(curves).to_have_count(2, timeout=SLOW)
    for curve, unit in zip(curves.all(), ("USDT", "BTC"), strict=True):
        expect(curve.locator(".ytitle")).to_have_text(unit, timeout=SLOW)
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        # the curves follow the width a moment later
        wait_until(lambda: page_width(page) <= page.viewport_size["width"], f"{width} px", 20)
