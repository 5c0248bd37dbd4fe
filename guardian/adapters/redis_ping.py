"""Ask a Redis server whether it is there, with a short patience."""

from __future__ import annotations

import redis

PATIENCE_S = 1.0


def redis_answers(url: str) -> bool:
    """Return True when the server answers a ping within a second."""
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
