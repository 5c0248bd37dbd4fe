"""Everything the desk remembers, as database rows; rules live in ``trading.domain``."""

from trading.models.config import ConfigRevision
from trading.models.decisions import Decision
from trading.models.feeds import Feed, StreamBar
from trading.models.sessions import (
    Bot,
    BotRearm,
    DeskSession,
    EquityPoint,
    Mode,
    SessionInput,
    SessionLease,
    SessionSnapshot,
    TradingControl,
)
from trading.models.trades import (
    Fill,
    Order,
    OrderEvent,
    Position,
    RoundTrip,
    SavingsCheckpoint,
    StopState,
)

__all__ = [
    "Bot",
    "BotRearm",
    "ConfigRevision",
    "Decision",
    "DeskSession",
    "EquityPoint",
    "Feed",
    "Fill",
    "Mode",
    "Order",
    "OrderEvent",
    "Position",
    "RoundTrip",
    "SavingsCheckpoint",
    "SessionInput",
    "SessionLease",
    "SessionSnapshot",
    "StopState",
    "StreamBar",
    "TradingControl",
]
