"""The desk's socket: one for each tab, for whatever its page follows.

News of the desk (steps, trading state) comes without asking. Everything else is asked for: a
message ``{"op": ...}`` goes to the lane of the page that declared the op, and what the lane sends
is described there. A message that cannot be obeyed is answered with what was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard.registry import lanes_by_op
from dashboard.shell.lane import Lane
from trading.base.domain.errors import BadInputError
from trading.base.domain.topics import DESK, group_for

UNAUTHENTICATED: Final = 4401
MAX_MESSAGE: Final = 2_000  # characters; a watch request is under 120


class DeskConsumer(AsyncWebsocketConsumer):
    """One browser tab.

    Its messages are handled one after the other, so a snapshot is never overtaken by the bars
    that follow it.
    """

    desk_group: str = ""
    lane_types: Mapping[str, type[Lane]] | None = None  # by op; those of the pages when None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lanes: dict[type[Lane], Lane] = {}

    async def connect(self) -> None:
        """Accept people who are logged in; tell others why by the close code."""
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(code=UNAUTHENTICATED)
            return
        self.desk_group = group_for(DESK)
        await self.join(self.desk_group)

    async def disconnect(self, code: int) -> None:
        """Leave every group that was joined."""
        for lane in self._lanes.values():
            await lane.close()
        self._lanes.clear()
        if self.desk_group:
            await self.leave(self.desk_group)
            self.desk_group = ""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Obey one request of the client; a bad one is answered with what was wrong."""
        if not self.desk_group:
            return
        try:
            request = _parse(text_data)
            lane = await self._lane(request["op"])
            await lane.obey(request)
        except BadInputError as error:
            await self.say({"kind": "error", "message": str(error)})

    async def desk_message(self, event: dict[str, Any]) -> None:
        """Give published news to the lanes, and pass on what none of them took."""
        for lane in self._lanes.values():
            if await lane.take(event["body"]):
                return
        await self.send(text_data=event["body"])

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        await self.send(text_data=orjson.dumps(message).decode())

    async def join(self, group: str) -> None:
        """Hear what is published to a group from now on."""
        await self.channel_layer.group_add(group, self.channel_name)

    async def leave(self, group: str) -> None:
        """Hear it no more."""
        await self.channel_layer.group_discard(group, self.channel_name)

    async def _lane(self, op: str) -> Lane:
        """Return the lane that obeys the op; made, where the person may ask for it."""
        types = lanes_by_op() if self.lane_types is None else self.lane_types
        kind = types.get(op)
        if kind is None:
            raise BadInputError(f"op was {op!r}; expected one of {', '.join(types)}")
        if kind not in self._lanes:
            permission, user = kind.permission, self.scope["user"]
            if permission and not await database_sync_to_async(user.has_perm)(permission):
                raise BadInputError(f"op was {op!r}; it needs the permission {permission}")
            self._lanes[kind] = kind(self)
        return self._lanes[kind]


class NowhereConsumer(AsyncWebsocketConsumer):
    """Any other address: refused before anything is said."""

    async def connect(self) -> None:
        """Refuse."""
        await self.close()


def _parse(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > MAX_MESSAGE:
        raise BadInputError(f"message was not text of at most {MAX_MESSAGE} characters")
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInputError(f"message was not JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("op"), str):
        raise BadInputError("message had no op; expected an object with op")
    return request
