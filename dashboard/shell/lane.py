"""What one browser tab follows of one page over the socket."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeVar

from channels.db import database_sync_to_async

from trading.base.domain.errors import BadInputError

Read = TypeVar("Read")


class Tab(Protocol):
    """The browser tab at the other end."""

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send one message."""

    async def join(self, group: str) -> None:
        """Hear what is published to a group from now on."""

    async def leave(self, group: str) -> None:
        """Hear it no more."""


class Lane(ABC):
    """Made when a tab asks for it first; closed with the tab.

    Attributes:
        ops: what a message of the client may ask of it; each belongs to one lane of the site.
        permission: a person needs it to ask; every person who is logged in may when it is empty.
    """

    ops: ClassVar[tuple[str, ...]]
    permission: ClassVar[str] = ""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    @abstractmethod
    async def obey(self, request: Mapping[str, Any]) -> None:
        """Do what a message asks, whose ``op`` is one of ``ops``.

        Raises:
            BadInputError: it cannot be done; the tab is told why.
        """

    async def take(self, body: str) -> bool:
        """Take news for the tab, and return whether it is dealt with; else it is passed on."""
        return False

    @abstractmethod
    async def close(self) -> None:
        """Leave every group and send nothing more."""

    async def joined(self, group: str, read: Callable[[], Read]) -> Read:
        """Join the group and return what is to be seen now; stay out where that is refused."""
        # joined before the snapshot is read: what happens in between waits in the queue
        await self.tab.join(group)
        try:
            return await database_sync_to_async(read)()
        except BadInputError:
            await self.tab.leave(group)
            raise
