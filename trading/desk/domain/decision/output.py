"""What one step of the core asks the outside to do: rows to write first, orders to send after."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from trading.base.domain.money import canonical
from trading.base.domain.reasons import ExitReason
from trading.desk.domain.execution.orders import ExecutionReport, Order
from trading.desk.domain.execution.positions import PositionState, RoundTripResult
from trading.desk.domain.execution.stops import StopState
from trading.treasury.domain.savings import SavingsDecision


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
        seq: stream number of the step's last bar; of the step before between two steps.
        open_time: of the step's bars, ms UTC.
        bar_time: their close time, ms UTC.
        order_events: every accepted report or own act, in order, with the order after it.
        positions: by (bot index, position number); a closed one has quantity 0.
        bots: indexes whose account changed.
        equity: (whole session, of which reserved) by quote currency at ``equity_time`` (ms UTC):
            once every few bar times, on the first bar of the next.
    """

    __slots__ = (
        "bar_time", "bots", "commands", "equity", "equity_time", "fills", "journal", "open_time",
        "order_events", "positions", "round_trips", "seq", "stops",
    )  # fmt: skip

    def __init__(self, seq: int, open_time: int, bar_time: int) -> None:
        self.seq = seq
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
        self.equity_time = 0

    @property
    def has_effects(self) -> bool:
        """Return True when something besides the journal must be written."""
        return bool(self.order_events or self.positions or self.stops or self.bots)


def money_lines(out: StepOutput) -> list[str]:
    """Return a line per fill, round trip and savings decision: amounts as text, no ids."""
    lines = [
        _line(
            *("fill", f.order.side, f.order.purpose, f.report.is_maker, f.report.event_time),
            *(f.report.quantity, f.report.price, f.report.fee, f.report.slippage),
            f.report.gas_cost,
        )
        for f in out.fills
    ]
    for trip in out.round_trips:
        r = trip.result
        lines.append(
            _line(
                *("trip", trip.exit_reason.name, r.entry_time, r.exit_time, r.quantity),
                *(r.entry_price, r.exit_price, r.gross_pnl, r.fees, r.realised_pnl),
            )
        )
        if trip.savings is not None:
            s = trip.savings
            lines.append(
                _line(
                    *("saving", s.skip_reason or "accepted", s.profit, s.candidate, s.reserved),
                    *(s.estimated_fees, s.required_min),
                )
            )
    return lines


def _line(*values: object) -> str:
    return "|".join(format(canonical(v), "f") if isinstance(v, Decimal) else str(v) for v in values)
