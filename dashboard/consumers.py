"""The desk's socket: bars of the watched pair, and news that something on the page changed.

Protocol. The client sends ``{"op": "watch", "feed": 1, "pair": "BTC/USDT", "timeframe": "5m"}``
and gets one snapshot, then bars. Every closed bar's ``n`` is one more than the last; the forming
bar carries the next ``n``. A client that sees a hole watches again. ``{"op": "overlay"}`` asks for
markers and stop lines anew. News of the desk (steps, trading state) comes without asking.

``{"op": "study", "study": 1, "measure": "return"}`` gets a snapshot of a study's trials, then what
is stored after it, at most four times a second. ``n`` counts stored trials and a delta says which
number it goes on ``from``. ``{"op": "refetch"}`` asks for what came since without waiting for news,
which may be lost. ``{"op": "studies"}`` brings news that the list of studies changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard.payloads.study_watch import StudyRequest, StudyWatch
from dashboard.payloads.watch import Watch, WatchRequest, overlay_read, watch_open
from optimizer.domain.topics import STUDIES
from trading.base.domain.errors import BadInputError
from trading.base.domain.topics import DESK, group_for

UNAUTHENTICATED: Final = 4401
MAX_MESSAGE: Final = 2_000  # characters; a watch request is under 120
STUDY_PAUSE_S: Final = 0.25  # between two deltas of a study, however fast its batches are stored
Send = Callable[[dict[str, Any]], Awaitable[None]]
Read = TypeVar("Read")
STUDY_NEWS: Final = '{"kind":"study"'


class DeskConsumer(AsyncWebsocketConsumer):
    """One browser tab.

    Its messages are handled one after the other, so a snapshot is never overtaken by the bars
    that follow it.
    """

    watch: Watch | None = None
    desk_group: str = ""
    lane: StudyLane | None = None

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
        await self._study_leave()
        if self.desk_group:
            await self.channel_layer.group_discard(group_for(STUDIES), self.channel_name)
            await self.channel_layer.group_discard(self.desk_group, self.channel_name)
            self.desk_group = ""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Obey one request of the client; a bad one is answered with what was wrong."""
        if not self.desk_group:
            return
        try:
            request = _parse(text_data)
            await self._obey(request)
        except BadInputError as error:
            await self._send({"kind": "error", "message": str(error)})

    async def _obey(self, request: dict[str, Any]) -> None:
        match request["op"]:
            case "watch":
                await self._watch(WatchRequest.parse(request))
            case "overlay":
                await self._send_overlay()
            case "study":
                await self._study_watch(StudyRequest.parse(request))
            case "refetch":
                if self.lane is None:
                    raise BadInputError("refetch was asked before study; watch a study first")
                self.lane.wake()
            case "studies":
                await self.channel_layer.group_add(group_for(STUDIES), self.channel_name)
            case unknown:
                raise BadInputError(
                    f"op was {unknown!r}; expected watch, overlay, study, refetch or studies"
                )

    async def desk_message(self, event: dict[str, Any]) -> None:
        """Pass published news on; bars of a longer timeframe are folded first.

        News of the watched study only says that there is something to read.
        """
        if self.lane is not None and event["body"].startswith(STUDY_NEWS):
            self.lane.wake()
            return
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
        self.watch = await self._joined(request.group, partial(watch_open, request))
        await self._send(self.watch.snapshot)

    async def _unwatch(self) -> None:
        if self.watch is not None:
            group, self.watch = self.watch.request.group, None
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _study_watch(self, request: StudyRequest) -> None:
        await self._study_leave()
        watch = StudyWatch(request)
        await self._send(await self._joined(request.group, watch.snapshot))
        self.lane = StudyLane(watch, self._send)

    async def _study_leave(self) -> None:
        if self.lane is not None:
            lane, self.lane = self.lane, None
            await lane.close()
            await self.channel_layer.group_discard(lane.watch.request.group, self.channel_name)

    async def _joined(self, group: str, read: Callable[[], Read]) -> Read:
        """Join the group and return what is to be seen now; stay out where that is refused."""
        # joined before the snapshot is read: what happens in between waits in the queue
        await self.channel_layer.group_add(group, self.channel_name)
        try:
            return await database_sync_to_async(read)()
        except BadInputError:
            await self.channel_layer.group_discard(group, self.channel_name)
            raise

    async def _send_overlay(self) -> None:
        if self.watch is None:
            raise BadInputError("overlay was asked before watch; watch a pair first")
        await self._send(await database_sync_to_async(overlay_read)(self.watch))

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(text_data=orjson.dumps(message).decode())


class NowhereConsumer(AsyncWebsocketConsumer):
    """Any other address: refused before anything is said."""

    async def connect(self) -> None:
        """Refuse."""
        await self.close()


class StudyLane:
    """Sends what is new of one study, however often it is woken at most four times a second."""

    def __init__(self, watch: StudyWatch, send: Send) -> None:
        self.watch = watch
        self._send = send
        self._sent_at = asyncio.get_running_loop().time()
        self._is_woken = False
        self._flushes: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()

    def wake(self) -> None:
        """Send soon what is new; being woken again before that changes nothing."""
        if not self._is_woken:
            self._is_woken = True
            flush = asyncio.create_task(self._flush())
            self._flushes.add(flush)
            flush.add_done_callback(self._flushes.discard)

    async def close(self) -> None:
        """Send nothing more."""
        for flush in self._flushes:
            flush.cancel()
        await asyncio.gather(*self._flushes, return_exceptions=True)

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._sent_at + STUDY_PAUSE_S - loop.time()))
        async with self._one_at_a_time:
            self._is_woken = False  # whoever wakes from here on may have news this read misses
            self._sent_at = loop.time()
            try:
                delta = await database_sync_to_async(self.watch.delta)()
            except BadInputError as error:  # the study was deleted
                delta = {"kind": "error", "message": str(error)}
            if delta is not None:
                await self._send(delta)


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
