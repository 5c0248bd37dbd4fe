"""The kinds of source bars come from."""

from __future__ import annotations

from enum import StrEnum


class FeedKind(StrEnum):
    """Where bars come from; AUTO is a configured venue, else stored candles, else simulated."""

    AUTO = "auto"
    REPLAY = "replay"
    SIMULATED = "simulated"
    CCXT = "ccxt"
