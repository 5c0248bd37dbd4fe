"""Ask the web server and the workers of this desk over their real doors."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from guardian.adapters.redis_ping import redis_answers
from guardian.domain.processes import QUEUES

PATIENCE_S = 1.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine


class DeskProbes:
    """Fulfils ``guardian.ports.probes.Probes``.

    Args:
        health_url: the page that answers 200 while the desk can work.
        redis_url: where the broker is, as redis-py spells it.
        broker_url: the same as Celery spells it.
        transport_options: those the workers use; they decide the names of the queues in Redis.
    """

    def __init__(
        self, *, health_url: str, redis_url: str, broker_url: str, transport_options: dict[str, Any]
    ) -> None:
        self._health_url = health_url
        self._redis_url = redis_url
        self._celery = Celery("guardian-probe", broker=broker_url, set_as_current=False)
        self._celery.conf.broker_transport_options = transport_options

    def redis_answers(self) -> bool:
        """Return True when Redis answers a ping."""
        return redis_answers(self._redis_url)

    def web_answers(self) -> bool:
        """Return True when the health page answers 200."""
        try:
            with _DIRECT.open(self._health_url, timeout=PATIENCE_S) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def queues_answering(self) -> frozenset[str]:
        """Return the queues whose worker, named ``queue@host``, answers."""
        try:
            replies = self._celery.control.broadcast(
                "ping", reply=True, timeout=PATIENCE_S, limit=len(QUEUES)
            )
        except (OperationalError, OSError):
            return frozenset()
        names = [name for reply in replies or () for name in reply]
        return frozenset(name.partition("@")[0] for name in names)
