"""News for the browser: committed facts, which may be dropped and counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class EventPublisher(Protocol):
    """Sends one JSON-ready message to everybody who watches a topic."""

    async def publish(self, topic: str, message: Mapping[str, Any]) -> bool:
        """Return True when handed over; False when dropped (counted, never raised)."""
        ...
