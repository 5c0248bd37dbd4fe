"""A session's books as a plain tree: what it owns and owes, has counted and was told.

Everything that cannot be made again from bars is in them; policy and instruments are not: facts
say which are in force. The tree is JSON-ready and exact: amounts and floats stand as text, so that
the last digit and the last bit come back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import canonical
from trading.base.domain.reasons import TradingState
from trading.base.domain.side import Side
from trading.desk.domain.decision.state import BotState, DeskState
from trading.desk.domain.execution.orders import Order, OrderPurpose, OrderStatus, OrderType
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState
from trading.treasury.domain.equilibrium import ClosedRecord, EquilibriumState

Tree = dict[str, Any]

DESK_FIELDS: Final = (
    "epoch", "facts_n", "seq", "time", "open_time", "is_over", "digest", "n_decisions", "seats",
    "stale_through_seq", "stale_now_ms", "clock_skew_s", "clock_limit_s", "absent", "equilibrium",
)  # fmt: skip
BOT_FIELDS: Final = (
    "cash", "native_balance", "reserved", "realised_pnl", "position", "stop", "orders", "recent",
    "n_positions", "n_round_trips", "n_wins", "loss_streak", "exit_bar", "streak_bar", "entry_atr",
    "entry_conviction", "entry_forecast", "ratchet_epoch", "exit_reason", "equity", "peak_equity",
    "day_equity", "trading_state", "is_flatten_ordered",
)  # fmt: skip


def plain(value: Any) -> Any:
    """Return the value as JSON knows it, amounts and floats as text."""
    for kind, convert in _PLAIN:
        if isinstance(value, kind):
            return convert(value)
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    return value


_PLAIN: Final[tuple[tuple[type[Any], Callable[[Any], Any]], ...]] = (
    (Enum, lambda value: value.value),
    (Decimal, lambda value: format(canonical(value), "f")),
    # a database may forget the sign of zero, so no book has one
    (float, lambda value: repr(value + 0.0)),
    (bytes, lambda value: value.hex()),
    (EquilibriumState, lambda value: [plain(record) for record in value.records]),
    (dict, lambda value: [[plain(key), plain(item)] for key, item in value.items()]),
    (tuple, lambda value: [plain(item) for item in value]),
)


def books_dump(state: DeskState) -> Tree:
    """Return the books as they stand."""
    return {
        "desk": {name: plain(getattr(state, name)) for name in DESK_FIELDS},
        "bots": [{name: _bot_field(bot, name) for name in BOT_FIELDS} for bot in state.bots],
    }


def books_load(state: DeskState, tree: Tree) -> None:
    """Make these books the books of a freshly built state.

    Raises:
        InvariantError: they are of another number of bots.
    """
    if len(tree["bots"]) != len(state.bots):
        raise InvariantError(
            f"the books are of {len(tree['bots'])} bots; the session has {len(state.bots)}"
        )
    for name in DESK_FIELDS:
        setattr(state, name, _DESK_READERS.get(name, _same)(tree["desk"][name]))
    for bot, saved in zip(state.bots, tree["bots"], strict=True):
        for name in BOT_FIELDS:
            setattr(bot, name, _BOT_READERS.get(name, _same)(saved[name]))
        bot.touch()


def _bot_field(bot: BotState, name: str) -> Any:
    value = getattr(bot, name)
    return [plain(order) for order in value.values()] if isinstance(value, dict) else plain(value)


def _same(value: Any) -> Any:
    return value


def _records(value: list[list[str]]) -> EquilibriumState:
    return EquilibriumState(tuple(ClosedRecord(*map(float, record)) for record in value))


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "str": _same, "int": _same, "bool": _same, "Decimal": Decimal, "tuple[str, ...]": tuple,
    "Side": Side, "OrderType": OrderType, "OrderPurpose": OrderPurpose, "OrderStatus": OrderStatus,
}  # fmt: skip


def _reader(kind: type[Any]) -> Callable[[Any], Any]:
    """Return what reads a frozen value of that kind, or None, back from its plain form."""
    readers = {item.name: _READERS[str(item.type).removesuffix(" | None")] for item in fields(kind)}

    def read(value: Any) -> Any:
        if value is None:
            return None
        given = {
            name: None if value[name] is None else convert(value[name])
            for name, convert in readers.items()
        }
        return kind(**given)

    return read


_order: Final = _reader(Order)


def _orders(value: list[Tree]) -> dict[str, Order]:
    return {item["client_order_id"]: _order(item) for item in value}


_DESK_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "digest": bytes.fromhex, "seats": dict, "absent": tuple, "equilibrium": _records,
    "clock_skew_s": float, "clock_limit_s": float,
}  # fmt: skip
_BOT_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "cash": Decimal, "native_balance": Decimal, "reserved": Decimal, "realised_pnl": Decimal,
    "position": _reader(PositionState), "stop": _reader(StopState),
    "orders": _orders, "recent": _orders,
    "entry_atr": float, "entry_conviction": float, "entry_forecast": float,
    "equity": float, "peak_equity": float, "day_equity": float, "trading_state": TradingState,
}  # fmt: skip
