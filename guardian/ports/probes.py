"""Questions that tell whether the parts of a desk do their work, not only exist."""

from __future__ import annotations

from typing import Protocol


class Probes(Protocol):
    """Each answers within about a second and never raises."""

    def redis_answers(self) -> bool:
        """Return True when Redis answers, or when the desk has none of its own or others'."""
        ...

    def web_answers(self) -> bool:
        """Return True when the web server calls itself healthy."""
        ...

    def queues_answering(self) -> frozenset[str]:
        """Return the queues whose worker answers a ping."""
        ...
