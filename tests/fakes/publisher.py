"""A publisher that remembers; it can also refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MemoryPublisher:
    """Fulfils ``EventPublisher``.

    Attributes:
        sent: topic and message, in order.
        is_down: when True nothing is handed over.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.is_down = False

    async def publish(self, topic: str, message: Mapping[str, Any]) -> bool:
        if not self.is_down:
            self.sent.append((topic, dict(message)))
        return not self.is_down

    def on(self, topic: str) -> list[dict[str, Any]]:
        return [message for name, message in self.sent if name == topic]
