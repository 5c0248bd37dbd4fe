"""Wake the orchestrator through a Redis list; where Redis is away, it simply looks now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import redis

POLL_S: Final = 0.2  # how often to look at the database while Redis is away
_FORGOTTEN_AFTER_S: Final = 60  # a bell nobody listens to
_PATIENCE_S: Final = 1.0


class RedisBell:
    """Fulfils ``optimizer.ports.machines.Bell``; threads may share one."""

    def __init__(self, url: str, *, prefix: str, pause: Callable[[float], object]) -> None:
        """Connect when first used.

        Args:
            url: of the Redis server; empty where there is none.
            prefix: put before every key.
            pause: waits that many seconds.
        """
        self._prefix, self._pause = prefix, pause
        self._client: redis.Redis | None = None
        if url:
            self._client = redis.Redis.from_url(
                url, socket_timeout=2 * _PATIENCE_S, socket_connect_timeout=_PATIENCE_S
            )

    def _key(self, study_id: int) -> str:
        return f"{self._prefix}sweep-answers:{study_id}"

    def ring(self, study_id: int) -> None:
        """Put a mark on the study's list; a Redis that is away is left alone."""
        if self._client is None:
            return
        key = self._key(study_id)
        try:
            with self._client.pipeline(transaction=False) as pipe:
                pipe.lpush(key, 1)
                pipe.ltrim(key, 0, 0)  # one mark is enough: who wakes reads all answers
                pipe.expire(key, _FORGOTTEN_AFTER_S)
                pipe.execute()
        except (redis.RedisError, OSError):
            return  # the orchestrator looks by itself a moment later

    def wait(self, study_id: int, timeout_s: float) -> None:
        """Return when the list has a mark, which is taken off, or after the time-out."""
        wait_s = min(timeout_s, _PATIENCE_S)
        if self._client is None:
            self._pause(min(wait_s, POLL_S))
            return
        try:
            self._client.brpop([self._key(study_id)], timeout=max(wait_s, 0.01))
        except (redis.RedisError, OSError):
            self._pause(min(wait_s, POLL_S))
