"""The chart over the socket: bars of the watched pair, and what is drawn over them.

The client sends ``{"op": "watch", "feed": 1, "pair": "BTC/USDT", "timeframe": "5m"}`` and gets one
snapshot, then bars. Every closed bar's ``n`` is one more than the last; the forming bar carries the
next ``n``. A client that sees a hole watches again. ``{"op": "overlay"}`` asks for markers and stop
lines anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson
from channels.db import database_sync_to_async

from dashboard.pages.overview.watch import Watch, WatchRequest, overlay_read, watch_open
from dashboard.shell.lane import Lane, Tab
from trading.base.domain.errors import BadInputError

BAR_NEWS: Final = '{"kind":"bar"'


class ChartLane(Lane):
    """One watched series at a time."""

    ops = ("watch", "overlay")

    def __init__(self, tab: Tab) -> None:
        super().__init__(tab)
        self._watch: Watch | None = None

    async def obey(self, request: Mapping[str, Any]) -> None:
        """Watch a series, or send what is drawn over the watched one."""
        if request["op"] == "watch":
            await self._open(WatchRequest.parse(request))
        elif self._watch is None:
            raise BadInputError("overlay was asked before watch; watch a pair first")
        else:
            await self.tab.say(await database_sync_to_async(overlay_read)(self._watch))

    async def take(self, body: str) -> bool:
        """Fold bars of a longer timeframe than the feed's; pass everything else on."""
        watch = self._watch
        if watch is None or watch.tracker is None or not body.startswith(BAR_NEWS):
            return False
        folded = watch.tracker.fold(orjson.loads(body))
        if folded is None:
            await self._open(watch.request)
            return True
        for message in folded:
            await self.tab.say(message)
        return True

    async def close(self) -> None:
        """Watch nothing more."""
        if self._watch is not None:
            group, self._watch = self._watch.request.group, None
            await self.tab.leave(group)

    async def _open(self, request: WatchRequest) -> None:
        await self.close()
        self._watch = await self.joined(request.group, partial(watch_open, request))
        await self.tab.say(self._watch.snapshot)
