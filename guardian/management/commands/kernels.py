"""``kernels``: compile what sessions and searches run, so that their first use need not wait."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from optimizer import bootstrap
from trading.base.management.desk_command import DeskCommand
from trading.desk.domain.config import DeskConfig
from trading.desk.services.sessions.blueprint import blueprint_make, kernels_compile
from trading.market.domain.instruments import SIMULATED_VENUE

NICENESS: Final = 10  # whatever a person waits for goes first


class Command(DeskCommand):
    """Compile the kernels with low priority; harmless when it is killed."""

    help = (
        "Compile the kernels of sessions and searches once after an installation or upgrade. "
        "`make install` starts it in the background."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the option."""
        self.add_json(parser)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Compile those of the default desk, then those of the optimizer."""
        os.nice(NICENESS)
        if not bootstrap.kernels_ready(self.stderr.write):
            return {"error": "kernels_not_compiled", "message": "no folder can be written for them"}
        kernels_compile(
            blueprint_make(
                config=DeskConfig(),
                venue=SIMULATED_VENUE,
                pairs=["BTC/USDT"],
                timeframe="5m",
                swap_cost_entries=None,
            )
        )
        return {"compiled": True}
