"""A study over the socket: a snapshot of its trials, then what is stored after it.

``{"op": "study", "study": 1, "measure": "return"}`` gets the snapshot, then deltas, at most four
times a second. ``n`` counts stored trials and a delta says which number it goes on ``from``.
``{"op": "refetch"}`` asks for what came since without waiting for news, which may be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from channels.db import database_sync_to_async

from dashboard.pages.study.watch import StudyRequest, StudyWatch
from dashboard.shell.lane import Lane, Tab
from trading.base.domain.errors import BadInputError

STUDY_PAUSE_S: Final = 0.25  # between two deltas of a study, however fast its batches are stored
STUDY_NEWS: Final = '{"kind":"study"'


class StudyLane(Lane):
    """One watched study at a time."""

    ops = ("study", "refetch")

    def __init__(self, tab: Tab) -> None:
        super().__init__(tab)
        self._pace: Pace | None = None

    async def obey(self, request: Mapping[str, Any]) -> None:
        """Watch a study, or send what came since."""
        if request["op"] == "study":
            await self._open(StudyRequest.parse(request))
        elif self._pace is None:
            raise BadInputError("refetch was asked before study; watch a study first")
        else:
            self._pace.wake()

    async def take(self, body: str) -> bool:
        """Read what is new; news of a study only says that there is something to read."""
        if self._pace is None or not body.startswith(STUDY_NEWS):
            return False
        self._pace.wake()
        return True

    async def close(self) -> None:
        """Watch nothing more."""
        if self._pace is not None:
            pace, self._pace = self._pace, None
            await pace.close()
            await self.tab.leave(pace.watch.request.group)

    async def _open(self, request: StudyRequest) -> None:
        await self.close()
        watch = StudyWatch(request)
        await self.tab.say(await self.joined(request.group, watch.snapshot))
        self._pace = Pace(watch, self.tab)


class Pace:
    """Sends what is new of one study, however often it is woken at most four times a second."""

    def __init__(self, watch: StudyWatch, tab: Tab) -> None:
        self.watch = watch
        self._tab = tab
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
                await self._tab.say(delta)
