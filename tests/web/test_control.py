"""Pausing, resuming and killing: asked why, shown in figures, obeyed only from those allowed."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import factories as make
from tests.web.desk_scene import Scene
from trading.base.domain.reasons import TradingState
from trading.desk.models import Bot, BotRearm, SessionFact, TradingControl
from trading.desk.selectors.overview import desk_control


def test_pausing_records_who_and_why(desk: Client) -> None:
    response = desk.post("/control/pause/", {"reason": "  exchange maintenance "}, follow=True)
    row = TradingControl.objects.get()
    assert (row.state, row.reason, row.actor, row.flatten) == (
        TradingState.PAUSED, "exchange maintenance", "olga", False
    )  # fmt: skip
    page = response.content.decode()
    assert "The desk is paused: exits only. Resume undoes it at once." in page
    assert 'href="/control/resume/"' in page
    assert 'href="/control/pause/"' not in page


def test_resuming_undoes_it(desk: Client) -> None:
    desk.post("/control/pause/", {"reason": "news"})
    desk.post("/control/resume/", {"reason": "news is over"})
    control = desk_control()
    assert control is not None
    assert control.state is TradingState.ACTIVE


@pytest.mark.parametrize(
    ("reason", "message"),
    [("", "Say why"), ("   ", "Say why"), ("x" * 301, "was 301 characters long")],
)
def test_an_order_without_a_usable_reason_is_not_given(
    desk: Client, reason: str, message: str
) -> None:
    response = desk.post("/control/kill/", {"reason": reason, "flatten": "on"})
    assert response.status_code == 422
    page = response.content.decode()
    assert message in page
    assert 'name="flatten" checked' in page  # what was typed is not lost
    assert not TradingControl.objects.exists()


def test_the_kill_shows_what_it_would_do_in_figures(desk: Client, scene: Scene) -> None:
    make.order(scene.bots[0], status="accepted")
    page = desk.get("/control/kill/", headers={"X-Panel": "1"}).content.decode()
    assert "Cancels 1 working entry order." in page
    assert "BTC ≈" in page
    assert "ETH ≈" in page
    assert "their stops stay in place" in page


def test_the_kill_sells_only_when_asked_to(desk: Client) -> None:
    desk.post("/control/kill/", {"reason": "no"})
    desk.post("/control/kill/", {"reason": "all out", "flatten": "on"})
    assert list(TradingControl.objects.order_by("id").values_list("state", "flatten")) == [
        (TradingState.HALTED, False), (TradingState.HALTED, True)
    ]  # fmt: skip


def test_the_dialog_gets_a_bare_answer(desk: Client) -> None:
    response = desk.post("/control/pause/", {"reason": "news"}, headers={"X-Panel": "1"})
    assert response.status_code == 204


def headings(page: str) -> list[str]:
    """Return the text of every heading."""
    return re.findall(r"<h[1-6][^>]*>(.*?)</h[1-6]>", page)


@pytest.mark.parametrize("action", ["pause", "resume", "kill", "unkill"])
def test_the_page_of_an_order_says_its_title_once_and_so_does_the_dialog(
    desk: Client, action: str
) -> None:
    if action == "unkill":
        desk.post("/control/kill/", {"reason": "storm"})
    address = f"/control/{action}/"
    article = desk.get(address).content.decode().partition("<article")[2].partition("</article>")[0]
    (whole,) = headings(article)
    dialog = desk.get(address, headers={"X-Panel": "1"}).content.decode()
    assert headings(dialog) == [whole]
    assert re.search(rf"data-hold>\s*{re.escape(whole)}\s*<", dialog)


def test_a_kill_is_lifted_by_an_act_of_its_own(desk: Client) -> None:
    desk.post("/control/kill/", {"reason": "strange prices"})
    page = desk.get("/").content.decode()
    assert 'href="/control/unkill/"' in page
    assert "Lift kill" in page
    assert 'href="/control/resume/"' not in page
    for address in ("/control/resume/", "/control/pause/"):
        refused = desk.post(address, {"reason": "go on"})
        assert refused.status_code == 422
        assert "only unkill lifts a kill" in refused.content.decode()
    assert desk.post("/control/unkill/", {"reason": " "}).status_code == 422
    control = desk_control()
    assert control is not None
    assert control.state is TradingState.HALTED
    desk.post("/control/unkill/", {"reason": "the venue has mended them"})
    control = desk_control()
    assert control is not None
    assert (control.state, control.reason) == (TradingState.ACTIVE, "the venue has mended them")
    assert 'href="/control/pause/"' in desk.get("/").content.decode()


@pytest.mark.parametrize("action", ["resume", "pause"])
def test_after_a_kill_the_page_of_another_order_promises_nothing(desk: Client, action: str) -> None:
    assert "data-hold" in desk.get(f"/control/{action}/").content.decode()
    desk.post("/control/kill/", {"reason": "storm"})
    page = desk.get(f"/control/{action}/").content.decode()
    assert "This cannot be ordered now: desk is killed (olga: storm)" in page
    assert "data-hold" not in page
    assert "bots may enter again" not in page
    dialog = desk.get(f"/control/{action}/", headers={"X-Panel": "1"}).content.decode()
    assert dialog.count('id="control-title"') == 1


def test_a_kill_that_is_not_there_cannot_be_lifted_and_the_page_says_so(desk: Client) -> None:
    page = desk.get("/control/unkill/").content.decode()
    assert "desk is not killed, so there is no kill to lift" in page
    assert "data-hold" not in page


def test_lifting_a_kill_brings_the_pause_back_that_nobody_resumed(desk: Client) -> None:
    for act in ("pause", "kill", "unkill"):
        desk.post(f"/control/{act}/", {"reason": act})
    assert 'href="/control/resume/"' in desk.get("/").content.decode()


def test_one_bots_kill_is_lifted_from_the_table(desk: Client, scene: Scene) -> None:
    bot = scene.bots[0]
    desk.post(f"/bots/{bot.pk}/kill/", {"reason": "broken"})
    page = desk.get("/").content.decode()
    assert f'href="/bots/{bot.pk}/unkill/"' in page
    assert f'href="/bots/{bot.pk}/resume/"' not in page
    assert desk.post(f"/bots/{bot.pk}/resume/", {"reason": "x"}).status_code == 422
    desk.post(f"/bots/{bot.pk}/unkill/", {"reason": "mended"})
    assert f'href="/bots/{bot.pk}/pause/"' in desk.get("/").content.decode()


def test_an_order_given_for_the_strategy_on_the_pair_is_lifted_at_its_installed_bot(
    desk: Client, scene: Scene
) -> None:
    bot = scene.bots[0]
    Bot.objects.filter(pk=bot.pk).update(name="champion")
    make.control(TradingState.HALTED, scope="bot", name="BTC/USDT breakout")
    assert f'href="/bots/{bot.pk}/unkill/"' in desk.get("/").content.decode()
    desk.post(f"/bots/{bot.pk}/unkill/", {"reason": "mended"})
    assert TradingControl.objects.first().name == "BTC/USDT breakout"
    desk.post(f"/bots/{bot.pk}/kill/", {"reason": "only this one"})
    assert TradingControl.objects.first().name == "champion"


def test_a_bot_that_its_drawdown_stopped_says_so_and_is_rearmed_from_there(
    desk: Client, scene: Scene
) -> None:
    bot, other = scene.bots[0], scene.bots[1]
    start = SessionFact.objects.get(session=scene.session)
    start.payload["policy"]["risk"] = {"max_drawdown_pct": 25.0}
    start.payload["bots"] = [{"index": row.index} for row in scene.bots]
    start.save()
    Bot.objects.filter(pk=bot.pk).update(equity=Decimal(730), peak_equity=Decimal(1000))
    Bot.objects.filter(pk=other.pk).update(equity=Decimal(760), peak_equity=Decimal(1000))
    page = desk.get("/").content.decode()
    assert "Stopped for entries: 27.00" in page
    assert f'href="/bots/{bot.pk}/rearm/"' in page
    assert f'href="/bots/{other.pk}/rearm/"' not in page
    assert "1 of 6 bots enter no more until they are re-armed: breakout on BTC/USDT." in page
    form = desk.get(f"/bots/{bot.pk}/rearm/").content.decode()
    assert "below its peak of 1" in form
    assert desk.post(f"/bots/{bot.pk}/rearm/", {"reason": ""}).status_code == 422
    desk.post(f"/bots/{bot.pk}/rearm/", {"reason": "the parameters are mended"})
    row = BotRearm.objects.get()
    assert (row.bot_id, row.drawdown_pct, row.reason, row.actor) == (
        bot.pk, pytest.approx(27.0), "the parameters are mended", "olga"
    )  # fmt: skip
    refused = desk.post(f"/bots/{other.pk}/rearm/", {"reason": "this one too"})
    assert refused.status_code == 422
    assert "there is nothing to re-arm" in refused.content.decode()
    assert BotRearm.objects.count() == 1


def test_the_pause_shows_the_entries_it_takes_back(desk: Client, scene: Scene) -> None:
    make.order(scene.bots[0], status="accepted")
    form = desk.get("/control/pause/", headers={"X-Panel": "1"}).content.decode()
    assert "Cancels 1 working entry order." in form
    assert 'name="flatten"' not in form


def test_one_bot_is_paused_and_resumed_from_the_table(desk: Client, scene: Scene) -> None:
    bot = scene.bots[0]
    address = f"/bots/{bot.pk}/pause/"
    assert f'href="{address}"' in desk.get("/").content.decode()
    form = desk.get(address, headers={"X-Panel": "1"}).content.decode()
    assert "Pause breakout on BTC/USDT" in form
    assert f'action="{address}"' in form
    desk.post(address, {"reason": "it trades the news"})
    row = TradingControl.objects.get()
    assert (row.scope, row.name, row.state, row.reason) == (
        "bot", "BTC/USDT breakout", TradingState.PAUSED, "it trades the news"
    )  # fmt: skip
    page = desk.get("/").content.decode()
    assert f'href="/bots/{bot.pk}/resume/"' in page
    assert f'href="{address}"' not in page
    assert desk_control() is None  # the desk itself is as it was
    desk.post(f"/bots/{bot.pk}/resume/", {"reason": "calm again"})
    assert f'href="{address}"' in desk.get("/").content.decode()


def test_killing_one_bot_shows_and_halts_only_what_is_its(desk: Client, scene: Scene) -> None:
    first, other = scene.bots[0], scene.bots[-1]
    make.order(first, status="accepted")
    make.order(other, status="accepted")
    form = desk.get(f"/bots/{first.pk}/kill/", headers={"X-Panel": "1"}).content.decode()
    assert "Cancels 1 working entry order." in form
    assert "ETH ≈" not in form
    desk.post(f"/bots/{first.pk}/kill/", {"reason": "broken", "flatten": "on"})
    row = TradingControl.objects.get()
    assert (row.name, row.state, row.flatten) == ("BTC/USDT breakout", TradingState.HALTED, True)


@pytest.mark.parametrize("address", ["/bots/999999/pause/", "/bots/{}/explode/"])
def test_orders_for_what_does_not_exist_are_not_found(
    desk: Client, scene: Scene, address: str
) -> None:
    assert desk.post(address.format(scene.bots[0].pk), {"reason": "x"}).status_code == 404
    assert not TradingControl.objects.exists()


def test_somebody_without_the_permission_sees_no_buttons_and_is_refused(
    client: Client, db: None
) -> None:
    client.force_login(make.operator("wanda", can_operate=False))
    page = client.get("/").content.decode()
    assert "watching only" in page
    assert "/control/kill/" not in page
    assert "/kill/" not in page
    assert client.post("/bots/1/kill/", {"reason": "I want"}).status_code == 403
    assert client.get("/control/kill/").status_code == 403
    assert client.post("/control/kill/", {"reason": "I want"}).status_code == 403
    assert not TradingControl.objects.exists()


def test_a_forged_order_from_another_site_is_refused(operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    assert client.post("/control/kill/", {"reason": "forged"}).status_code == 403
    assert not TradingControl.objects.exists()
