"""How many tasks wait in each Celery queue on Redis."""

from __future__ import annotations

from collections.abc import Iterable

import redis

PATIENCE_S = 1.0


def queue_lengths(url: str, names: Iterable[str], *, prefix: str) -> dict[str, int | None]:
    """Return the number of waiting tasks by queue; None for all when the server is away.

    Args:
        url: of the Redis server.
        names: of the queues.
        prefix: what Celery puts before every key of its own.
    """
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        return {name: int(client.llen(prefix + name)) for name in names}
    except (redis.RedisError, OSError):
        return dict.fromkeys(names)
    finally:
        client.close()
