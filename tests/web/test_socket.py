"""The desk's socket: who may listen, the snapshot, the bars after it, and clean goodbyes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from dashboard.consumers import UNAUTHENTICATED, DeskConsumer
from tests import factories as make
from tests.fakes.socket import Socket
from trading.base.adapters.channels_publisher import ChannelsPublisher
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.topics import DESK
from trading.market.domain.topics import candles_topic
from trading.market.models import Feed

pytestmark = pytest.mark.django_db(transaction=True)
STEP = 300_000
N = 50


@pytest.fixture(autouse=True)
def layer() -> Any:
    """Use one in-memory layer for consumer and publisher."""
    with_memory = InMemoryChannelLayer()
    channel_layers.set("default", with_memory)
    yield with_memory
    channel_layers.backends.clear()


@pytest.fixture
def feed() -> Feed:
    """Return a feed with fifty bars of BTC/USDT."""
    made = make.feed()
    make.bars(made, "BTC/USDT", [100 + i for i in range(N)])
    return made


@pytest.fixture
async def socket(feed: Feed) -> AsyncIterator[Socket]:
    """Return an open socket of somebody logged in."""
    made = await opened(await database_sync_to_async(make.operator)())
    yield made
    await made.close()


async def opened(user: User | AnonymousUser) -> Socket:
    made = Socket(DeskConsumer.as_asgi(), "/ws/desk/", user)
    await made.open()
    return made


async def ask(socket: Socket, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    return await socket.answer()


async def watch(socket: Socket, feed: Feed, timeframe: str = "5m") -> dict[str, Any]:
    return await ask(socket, op="watch", feed=feed.pk, pair="BTC/USDT", timeframe=timeframe)


async def publish_bar(feed: Feed, n: int, **values: Any) -> None:
    bar = {
        "kind": "bar", "feed": feed.pk, "pair": "BTC/USDT", "n": n,
        "t": make.START_MS + (n - 1) * STEP, "o": 149.0, "h": 151.0, "l": 148.0, "c": 150.0,
        "v": 5.0, "closed": True, "flags": 0,
    }  # fmt: skip
    await ChannelsPublisher().publish(candles_topic(feed.pk, "BTC/USDT"), bar | values)


async def test_a_stranger_is_told_so_and_let_go() -> None:
    socket = await opened(AnonymousUser())
    closing = await socket.event()
    assert (closing["type"], closing["code"]) == ("websocket.close", UNAUTHENTICATED)


async def test_watching_brings_the_snapshot_then_the_bars(socket: Socket, feed: Feed) -> None:
    snapshot = await watch(socket, feed)
    assert snapshot["kind"] == "snapshot"
    assert snapshot["n"] == N
    assert len(snapshot["bars"]["t"]) == N
    assert snapshot["bars"]["c"][-1] == 149
    await publish_bar(feed, N + 1, closed=False)
    assert (await socket.answer())["closed"] is False
    await publish_bar(feed, N + 1)
    assert (await socket.answer())["n"] == N + 1


async def test_markers_and_stops_come_with_the_snapshot_and_on_request(
    socket: Socket, feed: Feed
) -> None:
    def trade() -> None:
        bot = make.bot(make.session(feed))
        position = make.position(bot, stop="97")
        make.fill(make.order(bot), position)
        gate = make.failed(Gate.SCORE, 0.05, 0.1, Outcome.BELOW_SCORE)
        make.decision(bot, Outcome.BELOW_SCORE, gate, open_time=make.START_MS + STEP)

    assert (await watch(socket, feed))["markers"] == []
    await database_sync_to_async(trade)()
    overlay = await ask(socket, op="overlay")
    assert [m["kind"] for m in overlay["markers"]] == ["entry", "denied"]
    assert overlay["markers"][0]["url"].startswith("/orders/")
    assert overlay["stops"][0]["steps"] == [[make.START_MS, 97.0]]
    assert (await watch(socket, feed))["markers"] == overlay["markers"]


async def test_a_longer_timeframe_is_folded_and_numbered_without_holes(
    socket: Socket, feed: Feed
) -> None:
    snapshot = await watch(socket, feed, "1h")
    t, n, forming = snapshot["bars"]["t"], snapshot["n"], snapshot["forming"]
    assert all(b - a == 12 * STEP for a, b in pairwise(t))
    assert n == len(t) - forming
    for i in range(1, 25):
        await publish_bar(feed, N + i)
        message = await socket.answer()
        assert message["n"] == n + 1
        assert message["t"] % (12 * STEP) == 0
        n += message["closed"]
    assert n == len(t) - forming + 2


async def test_a_hole_in_the_bars_brings_a_new_snapshot(socket: Socket, feed: Feed) -> None:
    await watch(socket, feed, "15m")
    await database_sync_to_async(make.bars)(feed, "BTC/USDT", [150.0, 151.0, 152.0])
    await publish_bar(feed, N + 3)
    again = await socket.answer()
    assert again["kind"] == "snapshot"
    assert again["bars"]["c"][-1] == 152


async def test_news_of_the_desk_comes_without_asking(socket: Socket) -> None:
    await ChannelsPublisher().publish(DESK, {"kind": "step", "seq": 4})
    assert await socket.answer() == {"kind": "step", "seq": 4}


async def test_an_order_given_in_one_tab_is_news_in_every_other(feed: Feed) -> None:
    person = await database_sync_to_async(make.operator)()
    socket = await opened(person)
    browser = Client()
    await database_sync_to_async(browser.force_login)(person)
    await database_sync_to_async(browser.post)("/control/pause/", {"reason": "news at noon"})
    news = await socket.answer()
    assert (news["kind"], news["scope"], news["name"]) == ("state", "desk", "")
    await socket.close()


async def test_only_the_watched_pair_is_heard(socket: Socket, feed: Feed) -> None:
    await watch(socket, feed)
    await ask(socket, op="watch", feed=feed.pk, pair="ETH/USDT", timeframe="5m")
    await publish_bar(feed, N + 1)
    assert await socket.is_silent(0.3)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("not json", "message was not JSON"),
        ("[]", "expected an object with op"),
        ('{"op":"buy"}', "op was 'buy'"),
        ('{"op":"overlay"}', "watch a pair first"),
        ('{"op":"watch","feed":"1","pair":"BTC/USDT","timeframe":"5m"}', "feed was '1'"),
        ('{"op":"watch","feed":999999,"pair":"BTC/USDT","timeframe":"5m"}', "no such feed"),
        ('{"op":"watch","feed":1,"pair":"BTC","timeframe":"5m"}', "pair was 'BTC'"),
        ('{"op":"watch","feed":1,"pair":"BTC/USDT","timeframe":"5x"}', "timeframe was '5x'"),
        ("x" * 3000, "at most 2000 characters"),
    ],
)
async def test_a_bad_request_is_answered_with_what_was_wrong(
    socket: Socket, message: str, why: str
) -> None:
    await socket.send(message)
    reply = await socket.answer()
    assert reply["kind"] == "error"
    assert why in reply["message"]


async def test_a_pair_or_timeframe_the_feed_does_not_have_is_refused(
    socket: Socket, feed: Feed
) -> None:
    reply = await ask(socket, op="watch", feed=feed.pk, pair="SOL/USDT", timeframe="5m")
    assert "carries BTC/USDT, ETH/USDT" in reply["message"]
    reply = await ask(socket, op="watch", feed=feed.pk, pair="BTC/USDT", timeframe="1m")
    assert "expected a multiple of 5m" in reply["message"]


async def test_leaving_leaves_every_group(feed: Feed) -> None:
    socket = await opened(await database_sync_to_async(make.operator)())
    await watch(socket, feed)
    groups = get_channel_layer().groups  # type: ignore[union-attr]
    assert len(groups) == 2
    await socket.close()
    assert not groups
