"""Send chunks through Celery and ask which workers are there to take them."""

from __future__ import annotations

from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

TASK: Final = "optimizer.tasks.batch_evaluate"
QUEUE: Final = "sweeps"
_PATIENCE_S: Final = 1.0
_RETRIES: Final = {"max_retries": 2, "interval_start": 0.0, "interval_step": 0.1}
_AWAY: Final = (OperationalError, RedisError, OSError)


class CelerySweepQueue:
    """Fulfils ``optimizer.ports.machines.ChunkQueue``."""

    def __init__(self, app: Celery) -> None:
        """Take the application whose broker carries the messages."""
        self._app = app

    def post(self, chunk_ids: list[int]) -> bool:
        """Send one message per chunk over one connection; False when the broker is away."""
        try:
            with self._app.producer_or_acquire() as producer:
                for chunk_id in chunk_ids:
                    self._app.send_task(
                        TASK,
                        (chunk_id,),
                        queue=QUEUE,
                        producer=producer,
                        retry_policy=_RETRIES,
                    )
        except _AWAY:
            return False  # the database remembers them; they are sent again
        return True

    def places(self) -> int | None:
        """Return the places of all workers of the queue, one left out for the study itself."""
        inspect = self._app.control.inspect(timeout=_PATIENCE_S)
        try:
            queues: dict[str, list[dict[str, Any]]] = inspect.active_queues() or {}
            stats: dict[str, dict[str, Any]] = inspect.stats() or {}
        except _AWAY:
            return None
        names = [name for name, of in queues.items() if any(q["name"] == QUEUE for q in of)]
        sizes = [stats[name]["pool"]["max-concurrency"] for name in names if name in stats]
        return max(1, sum(int(size) for size in sizes) - 1) if sizes else None
