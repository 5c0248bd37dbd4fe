"""Database rows of ``trading.desk``; rules live in its domain."""

from trading.desk.models.config import ConfigRevision
from trading.desk.models.decisions import Decision
from trading.desk.models.sessions import (
    Bot,
    BotRearm,
    DeskSession,
    EquityPoint,
    Mode,
    SessionFact,
    SessionLease,
    SessionSnapshot,
    TradingControl,
)
from trading.desk.models.trades import (
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
    "Fill",
    "Mode",
    "Order",
    "OrderEvent",
    "Position",
    "RoundTrip",
    "SavingsCheckpoint",
    "SessionFact",
    "SessionLease",
    "SessionSnapshot",
    "StopState",
    "TradingControl",
]
