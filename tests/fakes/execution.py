"""Small builders of instruments, orders, reports and bars, with plain numbers as defaults."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from trading.base.domain.side import Side
from trading.desk.domain.execution.ids import client_order_id
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    ReportKind,
)
from trading.desk.domain.policy import ExecutionPolicy
from trading.market.domain.bars import Bar
from trading.market.domain.costs import VenueCosts
from trading.market.domain.instruments import Instrument, Pair

D = Decimal
STEP_MS = 300_000
OPEN_TIME = 1_700_000_100_000

INSTRUMENT = Instrument(
    venue="bybit", pair=Pair("BTC", "USDT"), tick=D("0.01"), lot=D("0.001"), min_notional=D(5)
)
FREE = VenueCosts(taker_fee=D(0), maker_fee=D(0), slippage=D(0))
FEES = VenueCosts.from_policy(ExecutionPolicy())  # 10 bps taker, 8 maker, 2 slippage

_ORDER = Order(
    client_order_id=client_order_id("s", 0, 1, OrderPurpose.ENTRY),
    bot_index=0,
    pair="BTC/USDT",
    side=Side.BUY,
    type=OrderType.MARKET,
    purpose=OrderPurpose.ENTRY,
    quantity=D(2),
    limit_price=None,
    stop_price=None,
    status=OrderStatus.SUBMITTED,
    filled_quantity=D(0),
    average_price=None,
    trade_ids=(),
    reason="breakout",
    bar_time=OPEN_TIME,
    created_seq=1,
    expires_bar_time=None,
)


def order(**changes: Any) -> Order:
    """Return a submitted market buy of 2 BTC, with ``changes``."""
    return replace(_ORDER, **changes)


def stop_order(stop_price: str, **changes: Any) -> Order:
    """Return a working protective sell of 2 BTC."""
    base = {
        "client_order_id": client_order_id("s", 0, 1, OrderPurpose.STOP),
        "side": Side.SELL,
        "type": OrderType.STOP_MARKET,
        "purpose": OrderPurpose.STOP,
        "stop_price": D(stop_price),
    }
    return order(**(base | changes))


def limit_order(limit_price: str, **changes: Any) -> Order:
    """Return a working limit buy of 2 BTC."""
    return order(**({"type": OrderType.LIMIT, "limit_price": D(limit_price)} | changes))


def report(kind: ReportKind, **fields: Any) -> ExecutionReport:
    """Return a report about the default order."""
    base = {"client_order_id": _ORDER.client_order_id, "event_time": OPEN_TIME}
    return ExecutionReport(kind=kind, **(base | fields))


def fill(trade_id: str, quantity: str, price: str = "100", **fields: Any) -> ExecutionReport:
    """Return a fill of the default order."""
    return report(
        ReportKind.FILLED, trade_id=trade_id, quantity=D(quantity), price=D(price), **fields
    )


def bar(
    open_: float = 100.0,
    high: float | None = None,
    low: float | None = None,
    close: float | None = None,
    volume: float = 1000.0,
    open_time: int = OPEN_TIME,
) -> Bar:
    """Return a bar; what is not given is as flat as the rest allows."""
    close = open_ if close is None else close
    high = max(open_, close) if high is None else high
    low = min(open_, close) if low is None else low
    return Bar(open_time, open_, high, low, close, volume)
