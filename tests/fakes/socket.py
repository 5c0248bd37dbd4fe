"""A browser's end of a websocket, without a browser or a server."""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser, User


class Socket:
    """Speaks the ASGI websocket protocol with one consumer."""

    def __init__(self, application: Any, path: str, user: User | AnonymousUser) -> None:
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "user": user,
        }
        self._wire = ApplicationCommunicator(application, scope)

    async def open(self) -> None:
        """Connect; the consumer has to accept."""
        await self._wire.send_input({"type": "websocket.connect"})
        accepted = await self._wire.receive_output(timeout=5)
        assert accepted["type"] == "websocket.accept"

    async def refused(self) -> bool:
        """Connect; return True when the site closes instead of accepting."""
        await self._wire.send_input({"type": "websocket.connect"})
        answer = await self._wire.receive_output(timeout=5)
        return bool(answer["type"] == "websocket.close")

    async def close(self) -> None:
        """Leave as a browser does when its tab is closed."""
        await self._wire.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._wire.wait(timeout=5)

    async def send(self, text: str) -> None:
        """Send one text message."""
        await self._wire.send_input({"type": "websocket.receive", "text": text})

    async def answer(self) -> dict[str, Any]:
        """Return the next message."""
        return dict(json.loads((await self.event())["text"]))

    async def event(self) -> dict[str, Any]:
        """Return the next protocol event."""
        return dict(await self._wire.receive_output(timeout=5))

    async def is_silent(self, seconds: float) -> bool:
        """Return True when nothing arrives for that long."""
        return bool(await self._wire.receive_nothing(timeout=seconds))
