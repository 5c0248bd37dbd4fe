"""Walk from one position change to the next: fills, costs, trades, breaker, forced close.

Both fill models act on the bar after the signal: ``next_open`` fills at its open, ``next_close`` at
its close. A position is all cash or all tokens. On one bar a buy comes before a sell, so a bar with
both pays both costs. At the end a held position is sold at the last close.

The equity breaker compares every bar but the last with the running peak; once it trips, a held
position is sold at that bar's close and nothing is bought again.

Source: reference specification of the optimizer, sections 1, 2A and 2B (the breaker of
``next_close`` is this project's; the original had none there).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from optimizer.domain.evaluator.account import (
    CASH,
    COSTS,
    LOSS_SUM,
    LOSSES,
    OBSERVED,
    PEAK,
    SIZE,
    TOKENS,
    TRADED,
    TRADES,
    TRIPPED_AT,
    WIN_SUM,
    WINS,
    books_open,
    flat_trip,
    held_trip,
    mark_flat,
    mark_held,
)
from optimizer.domain.features.market import Market, Span
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG, SignalRows, Signals
from trading.market.domain.bars import CLOSE, OPEN, FloatArray

# Columns of a trade row; bar numbers are absolute.
T_ENTRY, T_EXIT, T_ENTRY_PRICE, T_EXIT_PRICE, T_COST_BUY, T_COST_SELL = range(6)
T_NOTIONAL, T_PROCEEDS, T_RETURN, T_EQUITY = range(6, 10)
_N_TRADE: Final = 10


class CostArrays(NamedTuple):
    """A swap-cost schedule as kernels take it, float64[m] each, rungs growing."""

    notional: FloatArray
    loss_rate: FloatArray
    buy_gas: FloatArray
    sell_gas: FloatArray


class Terms(NamedTuple):
    """What a run starts with: quote, fill model, breaker (share of the peak, 0 for none)."""

    trade_size: float
    is_next_open: bool
    drawdown_cap: float


@part
def _cost(costs: CostArrays, notional: float, gas: FloatArray) -> float:
    rung = 0
    last = costs.notional.shape[0] - 1
    while rung < last and notional > costs.notional[rung]:
        rung += 1
    return float(notional * (costs.loss_rate[rung] / 2.0) + gas[rung])


@part
def _buy(
    costs: CostArrays, is_next_open: bool, books: FloatArray, trade: FloatArray, price: float
) -> None:
    cash = books[CASH]
    cost = _cost(costs, cash, costs.buy_gas)
    invested = cash - cost
    if invested > 0.0 or not is_next_open:
        books[COSTS] += cost
    if invested <= 0.0:
        return
    books[TOKENS] = invested / price
    books[CASH] = 0.0
    books[TRADED] += cash
    trade[T_ENTRY_PRICE], trade[T_COST_BUY], trade[T_EQUITY] = price, cost, cash
    trade[T_NOTIONAL] = cash if is_next_open else invested


@part
def _sell(costs: CostArrays, books: FloatArray, trade: FloatArray, bar: int, price: float) -> None:
    notional = books[TOKENS] * price
    cost = _cost(costs, notional, costs.sell_gas)
    proceeds = max(notional - cost, 0.0)
    books[CASH] += proceeds
    books[TOKENS] = 0.0
    books[COSTS] += cost
    books[TRADED] += notional
    gained = books[CASH] / trade[T_EQUITY] - 1.0
    books[TRADES] += 1.0
    if gained > 0.0:
        books[WINS] += 1.0
        books[WIN_SUM] += gained
    elif gained < 0.0:
        books[LOSSES] += 1.0
        books[LOSS_SUM] += gained
    trade[T_EXIT], trade[T_EXIT_PRICE], trade[T_COST_SELL] = bar, price, cost
    trade[T_PROCEEDS], trade[T_RETURN] = proceeds, gained


@part
def _settle(market: Market, books: FloatArray, pos: int, until: int, last: int, cap: float) -> int:
    # Mark the bars before ``until``, or before the bar where the breaker trips; return that bar.
    is_held = books[TOKENS] > 0.0
    if cap > 0.0 and pos < min(until, last):
        if is_held:
            if held_trip(market, books, pos, min(until, last), cap):
                until = int(books[TRIPPED_AT])
        elif flat_trip(books, pos, cap):
            until = pos
    if is_held:
        mark_held(market, books, pos, until)
    else:
        mark_flat(books, pos, until)
    return until


@part
def _finish(
    market: Market,
    costs: CostArrays,
    terms: Terms,
    books: FloatArray,
    trade: FloatArray,
    span: Span,
) -> None:
    pos, last = span.start, span.stop - 1
    if books[TOKENS] > 0.0 and books[TRIPPED_AT] < 0.0:
        pos = _settle(market, books, pos, last, last, terms.drawdown_cap)
    if books[TOKENS] > 0.0:
        _sell(costs, books, trade, pos, market.bars[CLOSE, pos])
    elif books[TRIPPED_AT] < 0.0:
        pos = _settle(market, books, pos, span.stop, last, terms.drawdown_cap)
    if terms.drawdown_cap > 0.0 and 0.0 <= books[TRIPPED_AT] < last - 1:
        drop = (books[CASH] - books[PEAK]) / books[PEAK]
        books[OBSERVED] = min(books[OBSERVED], drop)
    mark_flat(books, pos, span.stop)


@kernel
def _walk(
    market: Market,
    costs: CostArrays,
    terms: Terms,
    span: Span,
    signals: Signals,
    room: tuple[FloatArray, FloatArray],
) -> int:
    # room: the books and a row for every trade there may be.
    books, trades = room
    books_open(books, terms.trade_size)
    pos, last = span.start, span.stop - 1
    for k in range(signals.at.shape[0]):
        bar, side = int(signals.at[k]), int(signals.side[k])
        wanted = SELL_FLAG if books[TOKENS] > 0.0 else BUY_FLAG
        if bar < span.start or side & wanted == 0:
            continue
        if bar >= last or books[CASH] + books[TOKENS] <= 0.0:
            break
        fill = bar + 1
        pos = _settle(market, books, pos, fill, last, terms.drawdown_cap)
        if books[TRIPPED_AT] >= 0.0:
            break
        price = market.bars[OPEN if terms.is_next_open else CLOSE, fill]
        trade = trades[int(books[TRADES])]
        if wanted == BUY_FLAG:
            _buy(costs, terms.is_next_open, books, trade, price)
            trade[T_ENTRY] = fill
        if side & SELL_FLAG and books[TOKENS] > 0.0:
            _sell(costs, books, trade, fill, price)
    trade = trades[int(books[TRADES])]
    _finish(market, costs, terms, books, trade, Span(pos, span.stop))
    return int(books[TRADES])


def walk(
    market: Market, costs: CostArrays, terms: Terms, span: Span, signals: Signals
) -> tuple[FloatArray, FloatArray]:
    """Return the books and the trades of one run over ``span``.

    Signals on the last bar of the span are never filled. Trades are float64[k, 10], see the
    columns above.
    """
    books, trades = np.empty(SIZE), np.empty((signals.at.shape[0] + 1, _N_TRADE))
    count = _walk(market, costs, terms, span, signals, (books, trades))
    return books, trades[:count]


@kernel
def _walk_balances(
    market: Market,
    costs: CostArrays,
    terms: Terms,
    span: Span,
    rows: SignalRows,
    room: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    # room: the books, one trade row, and the balances, which are the answer.
    books, trade, balances = room
    last = span.stop - 1
    prices = market.bars[OPEN if terms.is_next_open else CLOSE]
    for row in range(rows.at.shape[0]):
        books_open(books, terms.trade_size)
        for k in range(rows.counts[row]):
            bar, side = int(rows.at[row, k]), int(rows.side[row, k])
            wanted = SELL_FLAG if books[TOKENS] > 0.0 else BUY_FLAG
            if bar < span.start or side & wanted == 0:
                continue
            if bar >= last or books[CASH] + books[TOKENS] <= 0.0:
                break
            if wanted == BUY_FLAG:
                _buy(costs, terms.is_next_open, books, trade, prices[bar + 1])
            if side & SELL_FLAG and books[TOKENS] > 0.0:
                _sell(costs, books, trade, bar + 1, prices[bar + 1])
        if books[TOKENS] > 0.0:
            _sell(costs, books, trade, last, market.bars[CLOSE, last])
        balances[row] = books[CASH]


def walk_balances(
    market: Market, costs: CostArrays, terms: Terms, span: Span, rows: SignalRows
) -> FloatArray:
    """Return the final balance ``walk`` finds for every row of signals, quote, float64[rows].

    Nothing is marked between the fills, so there is no breaker here, whatever ``terms`` say.
    """
    balances = np.empty(rows.at.shape[0])
    _walk_balances(market, costs, terms, span, rows, (np.empty(SIZE), np.zeros(_N_TRADE), balances))
    return balances
