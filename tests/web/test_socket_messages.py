"""Whatever a browser says to the socket is answered with what was wrong; the socket lives on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser

from dashboard.consumers import DeskConsumer
from dashboard.routing import websocket_urlpatterns
from tests import factories as make
from tests.fakes.socket import Socket

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = (0, -1, 2**63, 2**64, 10**30, 1.5, True, None, "1", "NaN", [], {}, "\x00")
TEXTS = (None, 7, [], {}, "", "\x00", "BTC/USDT\x00", "a" * 1500, "日本語/USDT", "BTC", "/", "..")
MESSAGES = (
    *({"op": "watch", "feed": value, "pair": "BTC/USDT", "timeframe": "5m"} for value in NUMBERS),
    *({"op": "watch", "feed": 1, "pair": value, "timeframe": "5m"} for value in TEXTS),
    *({"op": "watch", "feed": 1, "pair": "BTC/USDT", "timeframe": value} for value in TEXTS),
    *({"op": "study", "study": value} for value in NUMBERS),
    *({"op": "study", "study": 1, "measure": value} for value in TEXTS),
    *({"op": value} for value in TEXTS),
)
RAW = (
    "",
    "{",
    "null",
    "[]",
    "7",
    '"x"',
    "{" * 900,
    "[" * 1999,
    '{"op": 1e999}',
    "\x00",
    "a" * 9000,
)


@pytest.fixture(autouse=True)
def layer() -> Any:
    channel_layers.set("default", InMemoryChannelLayer())
    yield
    channel_layers.backends.clear()


async def test_every_hostile_message_is_refused_and_the_next_one_is_still_heard() -> None:
    user = await database_sync_to_async(make.operator)()
    socket = Socket(DeskConsumer.as_asgi(), "/ws/desk/", user)
    await socket.open()
    for text in (*(json.dumps(message) for message in MESSAGES), *RAW):
        await socket.send(text)
        answer = await socket.answer()
        assert answer["kind"] == "error", text[:100]
        assert len(answer["message"]) < 2_500
    await socket.close()


@pytest.mark.parametrize(
    "address", ["/ws/", "/ws/desk", "/ws/desk/x/", "/", "/%00", "/ws/../desk/"]
)
async def test_a_socket_of_no_address_is_refused(address: str) -> None:
    assert await Socket(URLRouter(websocket_urlpatterns), address, AnonymousUser()).refused()
