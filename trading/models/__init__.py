"""Everything the desk remembers, as database rows; rules live in ``trading.domain``."""

from trading.models.config import ConfigRevision
from trading.models.decisions import Decision
from trading.models.feeds import BarRevision, Feed, FeedPair, RefusedBar, StreamBar
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
    "BarRevision",
    "Bot",
    "BotRearm",
    "ConfigRevision",
    "Decision",
    "DeskSession",
    "EquityPoint",
    "Feed",
    "FeedPair",
    "Fill",
    "Mode",
    "Order",
    "OrderEvent",
    "Position",
    "RefusedBar",
    "RoundTrip",
    "SavingsCheckpoint",
    "SessionInput",
    "SessionLease",
    "SessionSnapshot",
    "StopState",
    "StreamBar",
    "TradingControl",
]
