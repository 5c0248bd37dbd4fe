"""Load a session's books from its rows: what stands in the database is what the core goes on with.

After every commit the rows say what the core's state says, to the last digit and bit, so opening a
session needs nothing but rows, and no code that once wrote them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from trading.base.domain.reasons import TradingState
from trading.base.domain.side import Side
from trading.desk.domain.decision.accounts import RECENT_ORDERS
from trading.desk.domain.decision.books import Tree, plain
from trading.desk.domain.execution.orders import Order, OrderPurpose, OrderStatus, OrderType
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState
from trading.desk.models import Bot, DeskSession, Fill, Position
from trading.desk.models import Order as OrderRow
from trading.desk.services.sessions.rows.values import (
    BOT_ACCOUNT,
    BOT_MARKS,
    BOT_NUMBERS,
    POSITION_FIELDS,
    SESSION_LISTS,
    SESSION_MARKS,
    SESSION_TOLD,
    STOP_FIELDS,
)

_COPIED: Final = (
    "client_order_id", "quantity", "limit_price", "stop_price", "filled_quantity", "average_price",
    "reason", "bar_time", "created_seq", "expires_bar_time", "spend", "budget", "is_triggered",
    "sent_time", "ended_n",
)  # fmt: skip


def books_from_rows(session: DeskSession) -> Tree:
    """Return the books as they stand in the session's rows, in the form of ``books_dump``."""
    bots = list(Bot.objects.filter(session=session).order_by("index"))
    holdings = _holdings(session)
    orders = _orders(session, {bot.pk: bot for bot in bots})
    desk = {
        "seq": session.cursor_seq,
        "digest": session.digest,
        **{name: getattr(session, column) for name, column in SESSION_MARKS.items()},
        **{name: plain(getattr(session, name)) for name in SESSION_TOLD},
        **{name: getattr(session, name) for name in SESSION_LISTS},
    }
    return {"desk": desk, "bots": [_bot(bot, holdings.get(bot.pk), orders[bot.pk]) for bot in bots]}


def _bot(
    row: Bot, held: tuple[PositionState, StopState | None] | None, orders: list[Order]
) -> Tree:
    position, stop = held or (None, None)
    recent = sorted((o for o in orders if o.ended_n), key=lambda o: o.ended_n)
    account = {name: getattr(row, name) for name in BOT_ACCOUNT}
    account["trading_state"] = TradingState(row.trading_state)
    marks = {name: getattr(row, column) for name, column in BOT_MARKS.items()}
    numbers = {name: _number(getattr(row, name)) for name in BOT_NUMBERS}
    return {
        **{name: plain(value) for name, value in (account | marks | numbers).items()},
        "position": plain(position),
        "stop": plain(stop),
        "orders": [plain(order) for order in orders if not order.ended_n],
        "recent": [plain(order) for order in recent],
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _holdings(session: DeskSession) -> dict[int, tuple[PositionState, StopState | None]]:
    rows = Position.objects.filter(session=session, is_open=True)
    found = {}
    for row in rows.select_related("stop", "bot"):
        stop = getattr(row, "stop", None)
        position = PositionState(
            bot_index=row.bot.index,
            n=row.n,
            exit_time=None,
            **{name: getattr(row, name) for name in POSITION_FIELDS},
        )
        guard = stop and StopState(**{name: getattr(stop, name) for name in STOP_FIELDS})
        found[row.bot_id] = position, guard
    return found


def _orders(session: DeskSession, bots: dict[int, Bot]) -> dict[int, list[Order]]:
    """Return by bot its working orders, oldest first, and those that were over last."""
    rows = list(OrderRow.objects.filter(session=session, ended_n=0).order_by("pk"))
    for pk in bots:
        ended = OrderRow.objects.filter(bot_id=pk, ended_n__gt=0).order_by("-ended_n")
        rows += ended[:RECENT_ORDERS]
    trades = _trades(row.pk for row in rows)
    found: dict[int, list[Order]] = {pk: [] for pk in bots}
    for row in rows:
        found[row.bot_id].append(_order(row, bots[row.bot_id], tuple(trades[row.pk])))
    return found


def _trades(order_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return by order the trade ids of its fills, in the order in which they were booked."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Fill.objects.filter(order_id__in=list(order_ids)).order_by("pk")
    for order_id, trade_id in rows.values_list("order_id", "trade_id"):
        found[order_id].append(trade_id)
    return found


def _order(row: OrderRow, bot: Bot, trade_ids: tuple[str, ...]) -> Order:
    copied: dict[str, Any] = {name: getattr(row, name) for name in _COPIED}
    return Order(
        bot_index=bot.index,
        pair=bot.pair,
        side=Side(row.side),
        type=OrderType(row.type),
        purpose=OrderPurpose(row.purpose),
        status=OrderStatus(row.status),
        trade_ids=trade_ids,
        **copied,
    )
