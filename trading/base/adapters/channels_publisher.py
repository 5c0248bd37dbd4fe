"""Publish news over the channel layer; news that cannot be handed over is counted and dropped.

The body is encoded once here, so that every browser's consumer passes on the same text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from channels.layers import BaseChannelLayer, get_channel_layer
from redis.exceptions import RedisError

from trading.base.adapters.prometheus import PrometheusMeter
from trading.base.domain.metrics import NEWS_DROPPED, NEWS_PUBLISHED
from trading.base.domain.topics import group_for

MESSAGE_TYPE = "desk.message"
TIMEOUT_S = 0.5  # news older than this is better dropped than waited for
_meter = PrometheusMeter()


class ChannelsPublisher:
    """Fulfils ``trading.base.ports.publisher.EventPublisher``."""

    def __init__(
        self, layer: BaseChannelLayer | None = None, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._layer = layer
        self._timeout_s = timeout_s

    async def publish(self, topic: str, message: Mapping[str, Any]) -> bool:
        """Return True when handed over; False when dropped (counted, never raised)."""
        try:
            event = {"type": MESSAGE_TYPE, "body": orjson.dumps(message, default=str).decode()}
            layer = self._layer or get_channel_layer()
            async with asyncio.timeout(self._timeout_s):
                await layer.group_send(group_for(topic), event)
        except TimeoutError:
            return _dropped("timeout")
        except (RedisError, OSError):
            return _dropped("unreachable")
        except orjson.JSONEncodeError:
            return _dropped("not_json")
        _meter.count(NEWS_PUBLISHED)
        return True


def _dropped(reason: str) -> bool:
    _meter.count(NEWS_DROPPED, reason=reason)
    return False
