"""The chart of a followed venue is as old as the desk judges its pair, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import factories as make
from tests.web.servers import DeskServer, Feeder

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SLOW = 20_000  # ms


def test_a_pair_that_lags_looks_stale_however_young_the_news_of_others(
    page: Page, desk_server: DeskServer, feeder: Feeder
) -> None:
    feeder.do("follow", closed_s_ago={"BTC/USDT": 20, "ETH/USDT": 8_640})
    page.goto(desk_server.url)
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    chart, age = page.locator("#chart"), page.locator("#chart-age")
    expect(age).to_contain_text(re.compile(r"updated \d+\u202fs ago"), timeout=SLOW)
    expect(chart).not_to_have_class(re.compile("is-stale"))

    page.keyboard.press("]")
    expect(page.locator("#chart-pair")).to_have_value(re.compile("ETH/USDT"))
    expect(age).to_contain_text("stale since", timeout=SLOW)
    expect(chart).to_have_class(re.compile("is-stale"))
    # a message of an old bar makes the pair no younger
    feeder.do("bar", pair="ETH/USDT", close=3_100.0)
    page.wait_for_timeout(2_500)
    expect(age).to_contain_text("stale since")

    feeder.do("follow", closed_s_ago={"BTC/USDT": 20, "ETH/USDT": 15})
    expect(age).to_contain_text("updated", timeout=SLOW)
    expect(chart).not_to_have_class(re.compile("is-stale"))
