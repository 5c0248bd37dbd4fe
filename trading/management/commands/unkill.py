"""``unkill``: let a halted scope trade again."""

from __future__ import annotations

from trading.domain.reasons import TradingState
from trading.management.commands.kill import Command as KillCommand


class Command(KillCommand):
    """The kill switch, released."""

    help = "Release the kill switch of a scope; entries are allowed again."
    state = TradingState.ACTIVE
