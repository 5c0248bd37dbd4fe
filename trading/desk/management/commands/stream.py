"""``stream``: the process that turns sources of bars into the durable log."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from trading.base.management.command_line import CommandLine
from trading.desk import bootstrap


class Command(CommandLine):
    """Follow every running feed until SIGTERM or Ctrl-C; starting again goes on exactly there."""

    help = "Follow every running feed: write closed bars, announce them. Ends on SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the loop."""
        asyncio.run(self._follow())

    @staticmethod
    async def _follow() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await bootstrap.stream_supervisor().run(stop)
