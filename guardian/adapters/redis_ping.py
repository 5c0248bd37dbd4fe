"""Ask a Redis server whether it is there, with a short patience."""

from __future__ import annotations

import threading

import redis

PATIENCE_S = 1.0
NAME_PATIENCE_S = 6.0  # a name server that is away keeps its callers waiting for longer
_PROBE = "guardian:up"


def redis_answers(url: str) -> bool:
    """Return True when the server answers a ping within a second."""
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def redis_refusal(url: str) -> str:
    """Return why the server cannot be used, in its own words; empty when it can.

    It has to keep what is written: a replica or a full server answers a ping as well.
    """
    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(_refusal(url)), daemon=True)
    asking.start()
    asking.join(NAME_PATIENCE_S)
    return said[0] if said else f"no answer within {NAME_PATIENCE_S:.0f} s"


def _refusal(url: str) -> str:
    client = redis.Redis.from_url(
        url, socket_timeout=2 * PATIENCE_S, socket_connect_timeout=2 * PATIENCE_S
    )
    try:
        client.set(_PROBE, "1", ex=1)
    except (redis.RedisError, OSError, ValueError) as error:
        return str(error).strip().rstrip(".") or type(error).__name__
    finally:
        client.close()
    return ""
