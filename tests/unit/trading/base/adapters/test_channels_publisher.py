"""News is handed over, or dropped and counted; it never stops whoever publishes it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from channels.layers import InMemoryChannelLayer
from prometheus_client import REGISTRY

from trading.base.adapters.channels_publisher import ChannelsPublisher
from trading.base.domain.metrics import NEWS_DROPPED
from trading.base.domain.topics import group_for


def dropped(reason: str) -> float:
    return REGISTRY.get_sample_value(NEWS_DROPPED.name, {"reason": reason}) or 0.0


class SlowLayer(InMemoryChannelLayer):
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(5)


class DeadLayer(InMemoryChannelLayer):
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionRefusedError(group)


async def test_a_message_reaches_those_who_watch_the_topic() -> None:
    layer = InMemoryChannelLayer()
    channel = await layer.new_channel()
    await layer.group_add(group_for("candles.1.BTC/USDT"), channel)
    assert await ChannelsPublisher(layer).publish("candles.1.BTC/USDT", {"kind": "bar", "n": 7})
    event = await layer.receive(channel)
    assert event["type"] == "desk.message"
    assert orjson.loads(event["body"]) == {"kind": "bar", "n": 7}


@pytest.mark.parametrize(
    ("layer", "reason"), [(SlowLayer(), "timeout"), (DeadLayer(), "unreachable")]
)
async def test_news_nobody_takes_is_dropped_and_counted(
    layer: InMemoryChannelLayer, reason: str
) -> None:
    before = dropped(reason)
    assert not await ChannelsPublisher(layer, timeout_s=0.05).publish("desk", {"kind": "step"})
    assert dropped(reason) == before + 1


async def test_news_that_is_no_json_is_dropped_and_counted() -> None:
    before = dropped("not_json")
    assert not await ChannelsPublisher(InMemoryChannelLayer()).publish("desk", {"n": 2**80})
    assert dropped("not_json") == before + 1
