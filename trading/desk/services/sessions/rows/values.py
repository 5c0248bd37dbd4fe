"""What stands in each row of a session, by column.

The session writes its rows from here and ``desk verify`` recomputes them from here, so that no
column can be written that is not checked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from trading.base.domain.money import canonical
from trading.desk.domain.decision.books import plain
from trading.desk.domain.decision.output import (
    AccountChanged,
    BotMarked,
    EquityMarked,
    FillBooked,
    RoundTripClosed,
    SavingsDecided,
)
from trading.desk.domain.decision.state import BotState, DeskState
from trading.desk.domain.execution.orders import ExecutionReport, Order
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState
from trading.market.domain.bars import to_decimal
from trading.treasury.domain.ledger import Entry, Posting

Values = dict[str, Any]

STOP_FIELDS: Final = (
    "initial_stop", "current_stop", "target", "high_water", "water_mark_time",
    "is_breakeven_armed", "is_trailing_armed", "trail_distance", "breakeven_price",
    "trail_activation_price", "hold_deadline", "revision", "schema_version",
)  # fmt: skip
POSITION_FIELDS: Final = (
    "quantity", "average_entry_price", "entry_time", "realised_pnl", "fees", "entry_cost",
    "entry_fees", "slippage", "gross_pnl", "bought_quantity", "bought_notional", "sold_notional",
)  # fmt: skip
# of the state -> of its row
BOT_MARKS: Final = {
    "equity": "equity_mark", "peak_equity": "peak_mark", "day_equity": "day_mark",
    "ratchet_epoch": "ratchet_epoch",
}  # fmt: skip
BOT_ACCOUNT: Final = (
    "cash", "native_balance", "reserved", "realised_pnl", "n_positions", "n_round_trips", "n_wins",
    "loss_streak", "exit_bar", "streak_bar", "exit_reason", "trading_state", "is_flatten_ordered",
)  # fmt: skip
BOT_NUMBERS: Final = ("entry_atr", "entry_conviction", "entry_forecast")
SESSION_MARKS: Final = {
    "epoch": "epoch", "facts_n": "facts_n", "time": "bar_time", "open_time": "step_time",
    "n_decisions": "n_decisions", "is_over": "is_over",
}  # fmt: skip
SESSION_TOLD: Final = ("stale_through_seq", "stale_now_ms", "clock_skew_s", "clock_limit_s")
SESSION_LISTS: Final = ("seats", "absent", "equilibrium")
_TRIP_FIELDS: Final = (
    "quantity", "entry_price", "exit_price", "entry_time", "exit_time", "gross_pnl", "fees",
    "realised_pnl",
)  # fmt: skip
_CHECKPOINT_FIELDS: Final = (
    "is_accepted", "token", "quote", "profit", "candidate", "reserved", "estimated_fees",
    "required_min", "ratio", "fee_guard", "fee_policy", "is_healthy", "break_even_pct",
)  # fmt: skip


def order_values(order: Order) -> Values:
    """Return what is written once, when the order is submitted."""
    return {
        "side": order.side.value,
        "type": order.type.value,
        "purpose": order.purpose.value,
        "limit_price": order.limit_price,
        "spend": order.spend,
        "reason": order.reason,
        "bar_time": order.bar_time,
        "expires_bar_time": order.expires_bar_time,
        "sent_time": order.sent_time,
        "created_seq": order.created_seq,
    }


def order_standing(order: Order, seq: int) -> Values:
    """Return what every event of an order may change."""
    return {
        "status": order.status.value,
        "quantity": order.quantity,
        "stop_price": order.stop_price,
        "filled_quantity": order.filled_quantity,
        "average_price": order.average_price,
        "budget": order.budget,
        "is_triggered": order.is_triggered,
        "ended_n": order.ended_n,
        "updated_seq": seq,
    }


def event_values(report: ExecutionReport) -> Values:
    """Return one step of an order's life; empty fields of the payload are left out."""
    payload = {
        "trade_id": report.trade_id,
        "quantity": plain(report.quantity) if report.quantity else "",
        "price": plain(report.price) if report.price is not None else "",
        "stop_price": plain(report.stop_price) if report.stop_price is not None else "",
        "reason": report.reason,
    }
    return {
        "kind": report.kind.value,
        "payload": {name: value for name, value in payload.items() if value},
        "event_time": report.event_time,
    }


def position_values(position: PositionState, seq: int) -> Values:
    """Return what a bot holds after a step."""
    return {
        "is_open": position.quantity > 0,
        **{name: getattr(position, name) for name in POSITION_FIELDS},
        "exit_time": position.exit_time,
        "updated_seq": seq,
    }


def fill_values(fill: FillBooked) -> Values:
    """Return one execution."""
    report = fill.report
    price = report.price or Decimal(0)
    return {
        "trade_id": report.trade_id,
        "side": fill.order.side.value,
        "quantity": report.quantity,
        "price": price,
        "notional": report.quantity * price,
        "fee": report.fee,
        "slippage": report.slippage,
        "gas_cost": report.gas_cost,
        "is_maker": report.is_maker,
        "event_time": report.event_time,
    }


def stop_values(stop: StopState) -> Values:
    """Return the protection of a position."""
    return {name: getattr(stop, name) for name in STOP_FIELDS}


def trip_values(trip: RoundTripClosed, seq: int) -> Values:
    """Return one closed position as a result."""
    return {
        **{name: getattr(trip.result, name) for name in _TRIP_FIELDS},
        "exit_reason": int(trip.exit_reason),
        "exit_seq": seq,
    }


def checkpoint_values(decided: SavingsDecided) -> Values:
    """Return the evaluation of a profit."""
    decision = decided.decision
    return {
        **{name: getattr(decision, name) for name in _CHECKPOINT_FIELDS},
        "skip_reason": decision.skip_reason.value if decision.skip_reason else "",
        "equilibrium_score": decision.score,
        "event_time": decided.time,
    }


def equity_values(mark: EquityMarked) -> Values:
    """Return a point of equity in one quote currency."""
    return {
        "quote": mark.quote,
        "bar_time": mark.time,
        "equity": mark.equity,
        "reserved": mark.reserved,
    }


def entry_values(entry: Entry, seq: int) -> Values:
    """Return one movement of money, without its postings."""
    return {"kind": entry.kind.value, "ref": entry.ref, "seq": seq, "event_time": entry.time}


def posting_values(posting: Posting) -> Values:
    """Return what one account gained or lost."""
    account = posting.account
    return {
        "account": account.kind.value,
        "place": account.place,
        "bot_index": account.bot_index,
        "currency": posting.currency,
        "amount": posting.amount,
    }


def bot_identity(plan: Mapping[str, Any]) -> Values:
    """Return what of a bot never changes, from its plan in the session's start."""
    return {
        "name": plan.get("name", ""),
        "pair": plan["pair"],
        "strategy": plan["strategy"],
        "params": plan["params"],
        "quote": plan["quote"],
        "bankroll": Decimal(plan["bankroll"]),
    }


def bot_marks(bot: BotState | BotMarked) -> Values:
    """Return what every bar may change: marks, for people and exact."""
    return {
        **{column: getattr(bot, name) for name, column in BOT_MARKS.items()},
        "equity": canonical(to_decimal(bot.equity)),
        "peak_equity": canonical(to_decimal(bot.peak_equity)),
    }


def bot_last(mark: BotMarked) -> Values:
    """Return the newest decision of a bot, nothing when it made none."""
    if mark.outcome is None:
        return {}
    return {"last_outcome": mark.outcome, "last_bar_time": mark.open_time}


def bot_account(bot: BotState | AccountChanged) -> Values:
    """Return the money of a bot, its record and all else that its own acts change."""
    return {
        **{name: getattr(bot, name) for name in BOT_ACCOUNT},
        **{name: number_or_none(getattr(bot, name)) for name in BOT_NUMBERS},
    }


def session_values(state: DeskState) -> Values:
    """Return what every step may change of a session's own books."""
    return {
        "cursor_seq": state.seq,
        "digest": state.digest.hex(),
        **{column: getattr(state, name) for name, column in SESSION_MARKS.items()},
    }


def session_books(state: DeskState) -> Values:
    """Return what only acts and facts change of them."""
    return {name: plain(getattr(state, name)) for name in SESSION_LISTS} | {
        name: getattr(state, name) for name in SESSION_TOLD
    }


def number_or_none(value: float) -> float | None:
    """Return the number as a row keeps it: SQLite has no NaN."""
    return None if math.isnan(value) else value
