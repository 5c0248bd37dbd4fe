"""Every page answers, says what it shows and why something is missing."""

from __future__ import annotations

import re
from html import unescape

import plotly.graph_objects
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests import factories as make
from tests.web import desk_scene
from tests.web.desk_scene import Scene, add_btc_pair
from trading.base.domain.reasons import Gate, Outcome
from trading.base.selectors.figures import amount_text
from trading.desk.models import Bot, Order
from trading.market.models import FeedPair

PANELS = (
    "strip", "figures", "checklist", "decisions", "funnel", "positions", "trips", "bots", "savings"
)  # fmt: skip


def text(html: str) -> str:
    """Return what a reader sees, in one line."""
    return unescape(re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize(
    "path",
    ["/", "/panels/?names=bots", "/equity/", "/decisions/1/", "/orders/1/", "/control/kill/"],
)
def test_nothing_is_shown_to_strangers(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


def test_a_wrong_password_says_what_to_check_and_keeps_the_name(client: Client, db: None) -> None:
    make.operator()
    response = client.post("/accounts/login/", {"username": "olga", "password": "guess"})
    page = response.content.decode()
    assert "do not match" in page
    assert 'value="olga"' in page


def test_the_right_password_opens_the_overview(client: Client, db: None) -> None:
    make.operator()
    response = client.post(
        "/accounts/login/", {"username": "olga", "password": make.PASSWORD}, follow=True
    )
    assert response.redirect_chain == [("/", 302)]
    assert "IDLE" in response.content.decode()


def test_an_empty_desk_says_in_every_panel_what_would_fill_it(desk: Client) -> None:
    page = text(desk.get("/").content.decode())
    for hint in (
        "No feed is running",
        "Start a session and every bot will record",
        "No open position.",
        "No round trip closed yet.",
        "No checkpoint yet.",
        "The desk has no bots.",
        "Nothing decided in the last 24 h",
    ):
        assert hint in page


def test_a_working_desk_shows_mode_reasons_positions_and_savings(
    desk: Client, scene: Scene
) -> None:
    page = text(desk.get("/").content.decode())
    assert "SIMULATED" in page
    assert "Skipped: conviction is" in page
    assert "With the plan's fee guess a profit below 8.19\u202f% of notional never passes" in page
    assert "trailing" in page
    assert "6 bots started with 6\u202f000.00\u202fUSDT" in page


def test_the_page_carries_no_inline_script_or_handler(desk: Client, scene: Scene) -> None:
    page = desk.get("/").content.decode()
    for tag, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert "src=" in tag or 'type="application/json"' in tag, body[:80]
    assert not re.search(r"\son[a-z]+=", page)
    assert " style=" not in page


def test_every_label_of_the_page_points_at_something_that_exists(
    desk: Client, scene: Scene
) -> None:
    page = desk.get("/").content.decode()
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "an id was used twice"
    for name in re.findall(r'aria-(?:labelledby|controls|describedby)="([^"]+)"', page):
        assert name in ids or name in {"control-title"}
    for icon in re.findall(r'<use href="#([^"]+)"', page):
        assert icon in ids


def test_panels_come_as_fragments_for_their_place(desk: Client, scene: Scene) -> None:
    page = desk.get("/panels/", {"names": ",".join(PANELS)}).content.decode()
    assert re.findall(r'<div id="panel-body-(\w+)" hx-swap-oob="innerHTML">', page) == list(PANELS)


def test_an_unknown_panel_is_refused_with_the_known_ones(desk: Client) -> None:
    response = desk.get("/panels/?names=bots,secrets")
    assert response.status_code == 400
    assert b"names held 'secrets'; expected some of strip" in response.content


def test_quiet_bars_are_shown_when_asked(desk: Client, scene: Scene) -> None:
    assert b"No trigger on this bar." not in desk.get("/panels/?names=decisions").content
    assert b"No trigger on this bar." in desk.get("/panels/?names=decisions&quiet=1").content


def test_the_equity_figure_is_one_plotly_understands(desk: Client, scene: Scene) -> None:
    answer = desk.get("/equity/").json()
    (curve,) = answer["figures"]
    assert curve.pop("quote") == "USDT"
    figure = plotly.graph_objects.Figure(curve)
    assert [trace.name for trace in figure.data] == ["Equity", "Start", "Set aside"]
    assert figure.data[2].yaxis == "y2"  # stacked apart


def test_two_currencies_are_two_figures_and_no_sum_of_both(desk: Client, scene: Scene) -> None:
    add_btc_pair(scene)
    curves = desk.get("/equity/").json()["figures"]
    assert [curve["quote"] for curve in curves] == ["USDT", "BTC"]
    assert max(curves[1]["data"][0]["y"]) < 1
    assert "%{y:,.8f} BTC" in curves[1]["data"][0]["hovertemplate"]
    page = text(desk.get("/").content.decode())
    equity = [bot.equity for bot in Bot.objects.filter(quote="USDT")]
    assert amount_text(sum(equity), "USDT") in page
    btc = Bot.objects.get(quote="BTC")
    for amount in (btc.equity, btc.reserved, btc.realised_pnl):
        assert amount_text(amount, "BTC") in page
    everything = sum(bot.equity for bot in Bot.objects.all())
    assert amount_text(everything, "USDT") != amount_text(sum(equity), "USDT")
    assert f"{everything:,.2f}".replace(",", "\u202f") not in page


def test_without_a_point_the_equity_says_when_the_first_comes(desk: Client) -> None:
    answer = desk.get("/equity/").json()
    assert answer["figures"] == []
    assert "first bar" in answer["empty"]


def test_a_decision_has_its_own_address_alone_and_as_a_panel(desk: Client, db: None) -> None:
    bot = make.bot(make.session(make.feed()))
    gate = make.failed(Gate.CONVICTION, 0.2, 0.28, Outcome.BELOW_CONVICTION)
    row = make.decision(bot, Outcome.BELOW_CONVICTION, gate)
    address = reverse("dashboard:decision", args=[row.pk])
    alone = desk.get(address).content.decode()
    panel = desk.get(address, headers={"X-Panel": "1"}).content.decode()
    for page in (alone, panel):
        assert "Skipped: conviction is 0.2, below 0.28." in page
        assert "not passed" in page
    assert "SIMULATED" in alone
    assert "<html" not in panel
    assert "X-Panel" in desk.get(address)["Vary"]  # or a cache would give one for the other


def test_an_order_shows_its_fills(desk: Client, scene: Scene) -> None:
    order = Order.objects.filter(purpose="entry").first()
    page = text(desk.get(f"/orders/{order.pk}/").content.decode())  # type: ignore[union-attr]
    assert "Buy" in page
    assert "Fills" in page
    assert "submitted" in page


def test_a_bar_shows_what_each_bot_did_with_it(desk: Client, scene: Scene) -> None:
    open_time = make.START_MS + (desk_scene.N_BARS - 20) * desk_scene.STEP_MS
    address = f"/bars/{scene.feed.pk}/BTC-USDT/{open_time}/"
    page = desk.get(address, headers={"X-Panel": "1"}).content.decode()
    for strategy in ("breakout", "momentum", "price move"):
        assert strategy in page


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/decisions/99/", "no decision 99"),
        ("/orders/99/", "no order 99"),
        ("/bars/1/BTC/5/", "expected BASE/QUOTE"),
        ("/control/explode/", "expected pause, resume, kill"),
    ],
)
def test_what_does_not_exist_is_not_found(desk: Client, path: str, why: str) -> None:
    response = desk.get(path)
    assert response.status_code == 404
    assert why in str(response.context["exception"])


def test_one_look_at_a_full_page_asks_the_database_a_bounded_number_of_times(
    desk: Client, scene: Scene, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(40) as asked:  # type: ignore[operator]
        page = desk.get("/")
    assert page.status_code == 200
    assert "BTC/USDT" in text(page.content.decode())
    assert len(asked) > 10  # or the bound would hold for a page that reads nothing


def test_the_strip_says_how_well_the_desk_is_and_why(
    desk: Client, scene: Scene, settings: Settings
) -> None:
    settings.REDIS_URL = ""
    page = text(desk.get("/").content.decode())
    assert "State of the desk: Level 1 1 advisory No Redis is running" in page
    scene.session.status_reason = "keeps its policy"
    scene.session.save()
    scene.feed.last_bar_at = None
    scene.feed.save()
    page = text(desk.get("/panels/?names=strip").content.decode())
    assert "Level 2 3 advisories" in page
    assert f"{scene.feed.name}: the last bar never came" in page


def test_every_advisory_has_its_words_and_what_to_do(
    desk: Client, scene: Scene, settings: Settings
) -> None:
    settings.REDIS_URL = ""
    scene.feed.last_bar_at = None
    scene.feed.save()
    page = text(desk.get("/advisories/", headers={"X-Panel": "1"}).content.decode())
    assert "Level 2. New entries are blocked where this applies" in page
    assert page.index("the last bar never came") < page.index("No Redis is running")
    assert "or set REDIS_URL." in page
    assert desk.get("/advisories/").status_code == 200


def test_the_state_of_the_desk_counts_the_bars_of_each_pair(desk: Client, scene: Scene) -> None:
    FeedPair.objects.create(
        feed=scene.feed, pair="BTC/USDT", state="followed", state_at=make.NOW, n_bars=288, n_late=3
    )
    page = text(desk.get("/advisories/", headers={"X-Panel": "1"}).content.decode())
    assert "Late Revised Refused Outliers BTC/USDT followed" in page
    assert "288 0 3 0 0 0" in page
