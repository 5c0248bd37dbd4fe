"""The closed sets the decision journal is written in: outcomes, gates, verdicts, exit reasons.

Numbers are stored in millions of journal rows and must never be reused or renumbered; add at the
end. Every outcome has a sentence an operator can read; every gate a name and a unit.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Outcome(IntEnum):
    """What one bot did with one closed bar; exactly one per bot and bar."""

    WARMING_UP = 0
    NO_TRIGGER = 1
    HOLDING = 2
    ORDER_WORKING = 3
    ENTRY_ORDERED = 4
    EXIT_ORDERED = 5
    STOP_FILLED = 6
    BAR_QUARANTINED = 10
    GAP_COOLDOWN = 11
    SELL_WITHOUT_POSITION = 12
    BELOW_SCORE = 13
    BELOW_CONVICTION = 14
    FORECAST_UNAVAILABLE = 15
    FORECAST_DISAGREES = 16
    EDGE_BELOW_COST = 17
    GAS_TOO_LOW = 18
    ROUTE_COOLDOWN = 19
    NOT_SELECTED = 20
    DESK_PAUSED = 21
    DESK_REDUCING = 22
    DESK_HALTED = 23
    MAX_POSITIONS = 24
    EXPOSURE_LIMIT = 25
    DAILY_LOSS_LIMIT = 26
    DRAWDOWN_LIMIT = 27
    LOSS_STREAK_COOLDOWN = 28
    BELOW_MIN_NOTIONAL = 29
    INSUFFICIENT_CASH = 30
    STALE_DATA = 31
    EQUAL_PROPOSALS = 32
    CLOCK_SKEWED = 33
    FORECAST_EXPIRED = 34


OUTCOME_TEXT: Final[dict[Outcome, str]] = {
    Outcome.WARMING_UP: "warming up",
    Outcome.NO_TRIGGER: "no trigger",
    Outcome.HOLDING: "holding the position",
    Outcome.ORDER_WORKING: "an order is still working",
    Outcome.ENTRY_ORDERED: "entry ordered",
    Outcome.EXIT_ORDERED: "exit ordered",
    Outcome.STOP_FILLED: "stopped out on this bar",
    Outcome.BAR_QUARANTINED: "the bar is quarantined as an outlier",
    Outcome.GAP_COOLDOWN: "bars are missing just before this one",
    Outcome.SELL_WITHOUT_POSITION: "sell signal without a position to sell",
    Outcome.BELOW_SCORE: "strength times confidence is too low",
    Outcome.BELOW_CONVICTION: "conviction is below the threshold",
    Outcome.FORECAST_UNAVAILABLE: "no forecast yet",
    Outcome.FORECAST_DISAGREES: "the forecast disagrees",
    Outcome.FORECAST_EXPIRED: "the newest forecast has expired",
    Outcome.EDGE_BELOW_COST: "the target is too near for the costs",
    Outcome.GAS_TOO_LOW: "native gas is too low",
    Outcome.ROUTE_COOLDOWN: "cooling down after the last trade",
    Outcome.NOT_SELECTED: "another proposal took the seat on the bus",
    Outcome.DESK_PAUSED: "the desk is paused",
    Outcome.DESK_REDUCING: "the desk only reduces positions",
    Outcome.DESK_HALTED: "the desk is halted by the kill switch",
    Outcome.MAX_POSITIONS: "too many positions are open",
    Outcome.EXPOSURE_LIMIT: "total exposure is at its limit",
    Outcome.DAILY_LOSS_LIMIT: "the daily loss limit is reached",
    Outcome.DRAWDOWN_LIMIT: "the drawdown limit is reached",
    Outcome.LOSS_STREAK_COOLDOWN: "cooling down after a run of losses",
    Outcome.BELOW_MIN_NOTIONAL: "the order would be too small",
    Outcome.INSUFFICIENT_CASH: "not enough cash",
    Outcome.STALE_DATA: "market data is stale",
    Outcome.CLOCK_SKEWED: "the host's clock is too far from the venue's",
    Outcome.EQUAL_PROPOSALS: "equal proposals do not all fit, and nothing tells them apart",
}

QUIET_OUTCOMES: Final = frozenset(
    {Outcome.WARMING_UP, Outcome.NO_TRIGGER, Outcome.HOLDING, Outcome.ORDER_WORKING}
)


class Gate(IntEnum):
    """One test a signal must pass; each is recorded with observed value, limit and verdict."""

    WARM = 1
    BAR_QUALITY = 2
    GAP = 3
    TRIGGER = 4
    POSITION = 5
    SCORE = 6
    CONVICTION = 7
    FORECAST = 8
    EDGE = 9
    GAS = 10
    COOLDOWN = 11
    SEAT = 12
    TRADING_STATE = 13
    POSITIONS = 14
    EXPOSURE = 15
    DAILY_LOSS = 16
    DRAWDOWN = 17
    LOSS_STREAK = 18
    MIN_NOTIONAL = 19
    CASH = 20
    FRESHNESS = 21
    STARTED = 22
    CLOCK = 23


GATE_TEXT: Final[dict[Gate, tuple[str, str]]] = {
    Gate.WARM: ("bars seen", "bars"),
    Gate.BAR_QUALITY: ("bar quarantined", "0 or 1"),
    Gate.GAP: ("bars since the last gap", "bars"),
    Gate.TRIGGER: ("trigger strength", "0 to 1"),
    Gate.POSITION: ("position to sell", "base"),
    Gate.SCORE: ("strength times confidence", "0 to 1"),
    Gate.CONVICTION: ("conviction", "0 to 1"),
    Gate.FORECAST: ("forecast probability for the side", "0 to 1"),
    Gate.EDGE: ("target distance", "bps"),
    Gate.GAS: ("native balance", "native coin"),
    Gate.COOLDOWN: ("bars since the last exit", "bars"),
    Gate.SEAT: ("place in the queue", "place"),
    Gate.TRADING_STATE: ("trading state", "0 active, 1 paused, 2 reducing, 3 halted"),
    Gate.POSITIONS: ("open positions", "positions"),
    Gate.EXPOSURE: ("exposure after the entry", "% of equity"),
    Gate.DAILY_LOSS: ("loss today", "% of equity"),
    Gate.DRAWDOWN: ("drawdown", "% of peak equity"),
    Gate.LOSS_STREAK: ("bars since the losing streak", "bars"),
    Gate.MIN_NOTIONAL: ("order value", "quote"),
    Gate.CASH: ("free cash", "quote"),
    Gate.FRESHNESS: ("age of the bar when decided", "s"),
    Gate.STARTED: ("bar since the start", "0 or 1"),
    Gate.CLOCK: ("clock off the venue's", "s"),
}


class Verdict(IntEnum):
    """A gate's answer."""

    FAIL = 0
    PASS = 1


class ExitReason(IntEnum):
    """Why a position was closed."""

    SIGNAL = 1
    STOP = 2
    TARGET = 3
    TIME = 4
    KILL = 5
    STOP_GAP_ON_RECOVERY = 6
    END_OF_DATA = 7


class TradingState(IntEnum):
    """What the desk may do; the worst state of all scopes that cover a bot applies.

    PAUSED and REDUCING take back working entries, refuse new ones and allow exits; HALTED allows
    only cancels, and exits when the kill asked to flatten.
    """

    ACTIVE = 0
    PAUSED = 1
    REDUCING = 2
    HALTED = 3
