"""What one step of the core did, as typed effects, and what it asks of the venue afterwards.

The effects are handed to the recorders (``trading.base.ports.recording``) in the transaction of
the step; the commands are sent once it is committed. Each effect is one thing that happened, with
all that is known of it, so that keeping it needs neither the core's state nor the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeVar

from trading.base.domain.reasons import ExitReason, TradingState
from trading.desk.domain.execution.orders import ExecutionReport, Order
from trading.desk.domain.execution.positions import PositionState, RoundTripResult
from trading.desk.domain.execution.stops import StopState
from trading.treasury.domain.ledger import Entry
from trading.treasury.domain.savings import SavingsDecision


class JournalRow(NamedTuple):
    """One decision to be stored; it stands apart from the effects, one comes of every bot and bar.

    A recorder takes it by this type like any effect.
    """

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
class OrderChanged:
    """An accepted report or an act of our own, and the order after it."""

    order: Order
    report: ExecutionReport


@dataclass(frozen=True, slots=True)
class FillBooked:
    """One fill that changed a position."""

    bot_index: int
    order: Order
    position_n: int
    report: ExecutionReport


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """What a bot holds now; a closed position has quantity 0."""

    position: PositionState


@dataclass(frozen=True, slots=True)
class StopMoved:
    """The protection of a position was opened or ratcheted."""

    bot_index: int
    position_n: int
    stop: StopState


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


@dataclass(frozen=True, slots=True)
class SavingsDecided:
    """The savings rule judged the profit of a closed position; ``time`` is when it closed."""

    bot_index: int
    position_n: int
    decision: SavingsDecision
    time: int


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """A bot's own books as they are now; amounts in quote, the coin in itself.

    Everything that only its acts and people's orders change; ``BotState`` says what it means.
    """

    bot_index: int
    cash: Decimal
    reserved: Decimal
    native_balance: Decimal
    realised_pnl: Decimal
    n_round_trips: int
    n_wins: int
    n_positions: int
    loss_streak: int
    exit_bar: int
    streak_bar: int
    entry_atr: float
    entry_conviction: float
    entry_forecast: float
    exit_reason: int
    trading_state: TradingState
    is_flatten_ordered: bool


@dataclass(frozen=True, slots=True)
class BotMarked:
    """What a bot is worth after the last of the steps that are written together, quote.

    Made once a transaction for every bot that decided or changed, not by a step: on most bars
    nothing but this changes.

    Attributes:
        outcome: of its newest decision among them, None when it made none.
        open_time: of that decision's bar, ms UTC.
    """

    bot_index: int
    equity: float
    peak_equity: float
    day_equity: float
    ratchet_epoch: int
    outcome: int | None
    open_time: int


@dataclass(frozen=True, slots=True)
class EquityMarked:
    """What the bots of one quote currency were worth at ``time`` (ms UTC), and what of it is saved.

    Marked once every few bar times, on the first bar of the next.
    """

    quote: str
    time: int
    equity: float
    reserved: float


Effect = (
    OrderChanged
    | FillBooked
    | PositionChanged
    | StopMoved
    | RoundTripClosed
    | SavingsDecided
    | AccountChanged
    | EquityMarked
    | Entry
)
E = TypeVar("E", bound=Effect)


class StepOutput:
    """Everything of one step.

    Written out instead of a dataclass: one is made on every bar, and most have no effect at all.

    Attributes:
        seq: stream number of the step's last bar; of the step before between two steps.
        open_time: of the step's bars, ms UTC.
        bar_time: their close time, ms UTC.
        journal: the decisions of the bots, by index.
        commands: what the venue is asked for, in order.
        effects: everything else, in the order in which it happened.
    """

    __slots__ = ("bar_time", "commands", "effects", "journal", "open_time", "seq")

    def __init__(self, seq: int, open_time: int, bar_time: int) -> None:
        self.seq = seq
        self.open_time = open_time
        self.bar_time = bar_time
        self.journal: list[JournalRow] = []
        self.commands: list[Command] = []
        self.effects: list[Effect] = []

    def of(self, kind: type[E]) -> list[E]:
        """Return the effects of one type, in order."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def has_effects(self) -> bool:
        """Return True when something must be written at once; marks of equity can wait."""
        return any(type(effect) is not EquityMarked for effect in self.effects)

    @property
    def order_events(self) -> list[tuple[Order, ExecutionReport]]:
        """Return every accepted report or own act, in order, with the order after it."""
        return [(change.order, change.report) for change in self.of(OrderChanged)]

    @property
    def fills(self) -> list[FillBooked]:
        """Return the fills that changed positions."""
        return self.of(FillBooked)

    @property
    def positions(self) -> dict[tuple[int, int], PositionState]:
        """Return what is held after the step, by (bot index, position number)."""
        states = [change.position for change in self.of(PositionChanged)]
        return {(state.bot_index, state.n): state for state in states}

    @property
    def stops(self) -> dict[tuple[int, int], StopState]:
        """Return the stops that moved as they stand, by (bot index, position number)."""
        return {(move.bot_index, move.position_n): move.stop for move in self.of(StopMoved)}

    @property
    def round_trips(self) -> list[RoundTripClosed]:
        """Return the closed positions."""
        return self.of(RoundTripClosed)

    @property
    def bots(self) -> set[int]:
        """Return the indexes of the bots whose account changed."""
        return {change.bot_index for change in self.of(AccountChanged)}

    @property
    def equity(self) -> dict[str, tuple[float, float]]:
        """Return (whole session, of which reserved) by quote currency, where it was marked."""
        return {mark.quote: (mark.equity, mark.reserved) for mark in self.of(EquityMarked)}

    @property
    def equity_time(self) -> int:
        """Return when the equity was marked, ms UTC; 0 where it was not."""
        return max((mark.time for mark in self.of(EquityMarked)), default=0)

    @property
    def entries(self) -> list[Entry]:
        """Return how money moved."""
        return self.of(Entry)
