"""Write declared events to the log, with their fields beside them instead of inside a sentence."""

from __future__ import annotations

from typing import Any

import structlog

from trading.base.domain.events import LogEvent


class EventLog:
    """The log of one module."""

    __slots__ = ("_logger",)

    def __init__(self, module: str) -> None:
        self._logger = structlog.get_logger(module)

    def say(self, event: LogEvent, *, error: BaseException | None = None, **fields: Any) -> None:
        """Write the event with exactly the fields it declares, and the trace of ``error``."""
        trace = {} if error is None else {"exc_info": error}
        self._logger.log(int(event.level), event.name, **fields, **trace)
