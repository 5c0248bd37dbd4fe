"""The desk's socket: bars of the watched pair, and news that something on the page changed.

Protocol. The client sends ``{"op": "watch", "feed": 1, "pair": "BTC/USDT", "timeframe": "5m"}``
and gets one snapshot, then bars. Every closed bar's ``n`` is one more than the last; the forming
bar carries the next ``n``. A client that sees a hole watches again. ``{"op": "overlay"}`` asks for
markers and stop lines anew. News of the desk (steps, trading state) comes without asking.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard.payloads.watch import Watch, WatchRequest, overlay_read, watch_open
from trading.domain.errors import BadInputError
from trading.domain.topics import DESK, group_for

UNAUTHENTICATED: Final = 4401
MAX_MESSAGE: Final = 2_000  # characters; a watch request is under 120


class DeskConsumer(AsyncWebsocketConsumer):
    """One browser tab.

    Its messages are handled one after the other, so a snapshot is never overtaken by the bars
    that follow it.
    """

    watch: Watch | None = None
    desk_group: str = ""

    async def connect(self) -> None:
        """Accept people who are logged in; tell others why by the close code."""
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(code=UNAUTHENTICATED)
            return
        self.desk_group = group_for(DESK)
        await self.channel_layer.group_add(self.desk_group, self.channel_name)

    async def disconnect(self, code: int) -> None:
        """Leave every group that was joined."""
        await self._unwatch()
        if self.desk_group:
            await self.channel_layer.group_discard(self.desk_group, self.channel_name)
            self.desk_group = ""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Obey one request of the client; a bad one is answered with what was wrong."""
        if not self.desk_group:
            return
        try:
            request = _parse(text_data)
            if request["op"] == "watch":
                await self._watch(WatchRequest.parse(request))
            elif request["op"] == "overlay":
                await self._send_overlay()
            else:
                raise BadInputError(f"op was {request['op']!r}; expected watch or overlay")
        except BadInputError as error:
            await self._send({"kind": "error", "message": str(error)})

    async def desk_message(self, event: dict[str, Any]) -> None:
        """Pass published news on; bars of a longer timeframe are folded first."""
        watch = self.watch
        if watch is None or watch.tracker is None or not event["body"].startswith('{"kind":"bar"'):
            await self.send(text_data=event["body"])
            return
        folded = watch.tracker.fold(orjson.loads(event["body"]))
        if folded is None:
            await self._watch(watch.request)
            return
        for message in folded:
            await self._send(message)

    async def _watch(self, request: WatchRequest) -> None:
        await self._unwatch()
        # joined before the snapshot is read: a bar closed in between waits in the queue
        await self.channel_layer.group_add(request.group, self.channel_name)
        try:
            self.watch = await database_sync_to_async(watch_open)(request)
        except BadInputError:
            await self.channel_layer.group_discard(request.group, self.channel_name)
            raise
        await self._send(self.watch.snapshot)

    async def _unwatch(self) -> None:
        if self.watch is not None:
            group, self.watch = self.watch.request.group, None
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _send_overlay(self) -> None:
        if self.watch is None:
            raise BadInputError("overlay was asked before watch; watch a pair first")
        await self._send(await database_sync_to_async(overlay_read)(self.watch))

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(text_data=orjson.dumps(message).decode())


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
