"""News that the list of studies changed, asked for with ``{"op": "studies"}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.shell.lane import Lane
from optimizer.domain.topics import STUDIES
from trading.base.domain.topics import group_for


class StudiesLane(Lane):
    """The list of studies."""

    ops = ("studies",)

    async def obey(self, request: Mapping[str, Any]) -> None:
        """Hear of changes from now on."""
        await self.tab.join(group_for(STUDIES))

    async def close(self) -> None:
        """Hear of them no more."""
        await self.tab.leave(group_for(STUDIES))
