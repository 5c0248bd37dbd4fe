"""Which way an order, a proposal or a forecast points."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Which way the base currency moves."""

    BUY = "buy"
    SELL = "sell"
