"""Channels: Redis publish/subscribe when there is a Redis, this process's memory otherwise.

The publish/subscribe layer keeps one subscription per process and group instead of one blocking
read per browser, so a mass disconnect cannot exhaust the connection pool.
"""

from typing import Any


def channel_layers(redis_url: str) -> dict[str, dict[str, Any]]:
    """Return ``CHANNEL_LAYERS`` for the Redis, or for none."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    host = {"address": redis_url, "max_connections": 32, "socket_connect_timeout": 1}
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [host], "prefix": "guardian"},
        }
    }
