"""What one step of the core asks the outside to do: rows to write first, orders to send after."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from trading.domain.execution.orders import ExecutionReport, Order
from trading.domain.execution.positions import PositionState, RoundTripResult
from trading.domain.execution.stops import StopState
from trading.domain.reasons import ExitReason
from trading.domain.treasury.savings import SavingsDecision


class JournalRow(NamedTuple):
    """One decision to be stored."""

    bot_index: int
    outcome: int
    record: bytes


@dataclass(frozen=True, slots=True)
class SubmitOrder:
    """Send this order to the venue."""

    order: Order


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take this order back."""

    order: Order


@dataclass(frozen=True, slots=True)
class AmendOrder:
    """Move the stop price or the quantity of this working order."""

    order: Order
    stop_price: Decimal
    quantity: Decimal


Command = SubmitOrder | CancelOrder | AmendOrder


@dataclass(frozen=True, slots=True)
class FillBooked:
    """One fill that changed a position."""

    bot_index: int
    order: Order
    position_n: int
    report: ExecutionReport


@dataclass(frozen=True, slots=True)
class RoundTripClosed:
    """One closed position and what the savings rule said to its profit (None for a loss).

    Amounts are in ``quote``.
    """

    bot_index: int
    quote: str
    result: RoundTripResult
    exit_reason: ExitReason
    savings: SavingsDecision | None


class StepOutput:
    """Everything of one step; later entries of one key replace earlier ones.

    Written out instead of a dataclass: one is made on every bar, and calling nine default
    factories takes as long as deciding for a bot.

    Attributes:
        seq: stream bar.
        pair: pair of the bar; empty for confirmations and operator inputs.
        open_time: of the bar, ms UTC.
        bar_time: its close time, ms UTC.
        order_events: every accepted report or own act, in order, with the order after it.
        positions: by (bot index, position number); a closed one has quantity 0.
        bots: indexes whose account changed.
        equity: (whole session, of which reserved) by quote currency; only on every few bars of the
            last pair.
    """

    __slots__ = (
        "bar_time", "bots", "commands", "equity", "fills", "journal", "open_time", "order_events",
        "pair", "positions", "round_trips", "seq", "stops",
    )  # fmt: skip

    def __init__(self, seq: int, pair: str, open_time: int, bar_time: int) -> None:
        self.seq = seq
        self.pair = pair
        self.open_time = open_time
        self.bar_time = bar_time
        self.journal: list[JournalRow] = []
        self.commands: list[Command] = []
        self.order_events: list[tuple[Order, ExecutionReport]] = []
        self.fills: list[FillBooked] = []
        self.positions: dict[tuple[int, int], PositionState] = {}
        self.stops: dict[tuple[int, int], StopState] = {}
        self.round_trips: list[RoundTripClosed] = []
        self.bots: set[int] = set()
        self.equity: dict[str, tuple[float, float]] = {}

    @property
    def has_effects(self) -> bool:
        """Return True when something besides the journal must be written."""
        return bool(self.order_events or self.positions or self.stops or self.bots)
