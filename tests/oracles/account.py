"""A second, slow writing of the two engines: one bar at a time, metrics from the stored curve."""

from __future__ import annotations

import math

import numpy as np


def cost(rungs, notional, side):
    row = next((r for r in rungs if notional <= r[0]), rungs[-1])
    return notional * row[1] / 2 + (row[2] if side == "buy" else row[3])


class Book:
    def __init__(self, size, rungs):
        self.cash, self.tokens, self.rungs = size, 0.0, rungs
        self.costs = self.traded = 0.0
        self.returns, self.trades, self.open = [], [], None

    def equity(self, price):
        return self.cash + self.tokens * price

    def buy(self, bar, price, equity, books_lost_cost):
        k = cost(self.rungs, self.cash, "buy")
        if self.cash - k > 0:
            self.costs += k
            self.traded += self.cash
            self.tokens, self.cash = (self.cash - k) / price, 0.0
            self.open = (bar, price, equity)
        elif books_lost_cost:
            self.costs += k

    def sell(self, bar, price):
        n = self.tokens * price
        k = cost(self.rungs, n, "sell")
        self.cash += max(n - k, 0.0)
        self.costs += k
        self.traded += n
        self.tokens = 0.0
        entry, entry_price, equity = self.open
        self.returns.append(self.cash / equity - 1)
        self.trades.append((entry, bar, entry_price, price))


def run_next_open(o, c, buys, sells, size, rungs, cap=0.0):
    book, n, curve, peak, tripped, seen = Book(size, rungs), len(c), [], size, False, 0.0
    cap = min(cap, 0.99)
    for i in range(n - 1):
        equity = book.equity(c[i])
        curve.append(equity)
        if cap > 0:
            drop = (equity - peak) / peak
            seen = min(seen, drop)
            tripped = tripped or drop <= -cap
        peak = max(peak, equity)
        if tripped and book.tokens > 0:
            book.sell(i, c[i])
            curve[-1] = book.cash
            continue
        if book.tokens <= 0 and i in buys and book.cash > 0 and not tripped:
            book.buy(i + 1, o[i + 1], equity, False)
        if book.tokens > 0 and i in sells:
            book.sell(i + 1, o[i + 1])
    curve.append(book.equity(c[-1]))
    if book.tokens > 0:
        book.sell(n - 1, c[-1])
    curve[-1] = book.cash
    return book, curve, tripped, seen


def run_next_close(o, c, buys, sells, size, rungs, cap=0.0):
    book, n, curve, peak, tripped, seen = Book(size, rungs), len(c), [], size, False, 0.0
    cap = min(cap, 0.99)
    for i in range(n):
        if i > 0 and not tripped:
            if book.tokens <= 0 and i - 1 in buys and book.cash > 0:
                book.buy(i, c[i], book.cash, True)
            if book.tokens > 0 and i - 1 in sells:
                book.sell(i, c[i])
        equity = book.equity(c[i])
        curve.append(equity)
        if cap > 0 and i < n - 1:
            drop = (equity - peak) / peak
            seen = min(seen, drop)
            tripped = tripped or drop <= -cap
        peak = max(peak, equity)
        if tripped and book.tokens > 0:
            book.sell(i, c[i])
            curve[-1] = book.cash
    if book.tokens > 0:
        book.sell(n - 1, c[-1])
        curve[-1] = book.cash
    return book, curve, tripped, seen


def longest_under_water(drops):
    longest, first = 0, None
    for t, drop in enumerate(drops):
        if drop < 0:
            first = t if first is None else first
            longest = max(longest, t - first)
        else:
            first = None
    return longest


def metrics(book, curve, size, times, c, is_next_open, step_minutes=5):
    e, n, year = np.array(curve), len(curve), 365 * 1440 / step_minutes
    r = np.zeros(n)
    r[1:] = np.diff(e) / np.maximum(e[:-1], 1e-9)
    total = e[-1] / e[0] - 1
    drops = e / np.maximum(np.maximum.accumulate(e), 1e-9) - 1
    deep = float(drops.min())
    negative = r[r < 0]
    # One negative return has no spread; numpy's mean of one can leave a last digit.
    low = negative.std() if len(negative) > 1 else 0.0
    wins, losses = [x for x in book.returns if x > 0], [x for x in book.returns if x < 0]
    k = len(book.returns)
    factor = math.inf if wins else 0.0
    if losses:
        factor = math.fsum(wins) / max(1e-9, abs(math.fsum(losses)))
    recovery = total / max(1e-9, abs(deep)) if deep != 0 else (math.inf if is_next_open else 0.0)
    pct = book.costs / (max(1e-9, book.traded) if is_next_open else size) * 100
    close = np.array(c)
    hold = close / close[0]
    return {
        "total_return_pct": total * 100,
        "cagr_pct": ((e[-1] / e[0]) ** (year / max(n - 1 if is_next_open else n, 1)) - 1) * 100,
        "max_drawdown_pct": deep * 100,
        "max_drawdown_duration_days": longest_under_water(drops) * step_minutes / 1440,
        "sharpe": r.mean() / r.std() * math.sqrt(year) if r.std() > 0 else 0.0,
        "sortino": r.mean() / low * math.sqrt(year) if low > 0 else 0.0,
        "num_trades": k,
        "profitable_trades": len(wins),
        "losing_trades": len(losses),
        "win_rate_pct": 100 * len(wins) / k if k else 0.0,
        "avg_win_pct": 100 * math.fsum(wins) / len(wins) if wins else 0.0,
        "avg_loss_pct": 100 * math.fsum(losses) / len(losses) if losses else 0.0,
        "profit_factor": factor,
        "recovery_factor": recovery,
        "total_cost_quote": book.costs,
        "total_cost_pct": pct,
        "avg_cost_per_trade_pct": pct / max(k, 1) if is_next_open or k else 0.0,
        "buy_hold_return_pct": (close[-1] / close[0] - 1) * 100,
        "buy_hold_max_drawdown_pct": float((hold / np.maximum.accumulate(hold) - 1).min()) * 100,
        "final_balance": book.cash,
        "initial_balance": size,
        "duration_days": max(1, (times[-1] - times[0]) // 86_400_000),
    }
