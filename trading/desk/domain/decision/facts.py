"""The kinds of facts a session's life is made of: the closed set of what comes from outside.

Bars are facts too; they stand in their stream's own log, and every other fact says after which bar
it counts. A fact that steers changes by what rules decisions are made: it moves the epoch, which
every record of the journal names. The others say something of the world.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class FactKind(StrEnum):
    """What a fact says."""

    START = "start"  # the plan: first policy, bots, instruments, code version
    CODE = "code"  # another code version runs from here on, beginning with these books
    INSTRUMENTS = "instruments"  # their steps and least orders from here on
    POLICY = "policy"
    TRADING_STATE = "trading_state"
    REARM = "rearm"  # the drawdown of bots counts from here, as a person decided
    CATCH_UP = "catch_up"  # bars seen too late to enter on
    CLOCK = "clock"  # the host's clock left the venue's, or came back to it
    ABSENT = "absent"  # the pairs without a bar from here on
    FORECASTS = "forecasts"  # what a forecaster answered
    REPORT = "report"  # a venue's word about an order
    END = "end"  # stopped, or no more bars: what was open is booked at its last price


STEERING: Final = frozenset(FactKind) - {FactKind.ABSENT, FactKind.FORECASTS, FactKind.REPORT}
FACT_MOST: Final = 2**63 - 1  # numbers are 64 bits wide, in rows and in the journal
