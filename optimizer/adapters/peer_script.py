"""Run by the peers' own interpreter: vectorbt, backtesting.py and a plain numba loop, one process.

Not part of the optimizer: it imports nothing of it and is only ever started as a program, with a
folder that holds ``bars.npy`` and ``job.json``. For each line it reads it measures one round and
prints the figures as one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def measure(run: Any, pairs: Any, seconds: float) -> dict[str, Any]:
    """Return CPU time and results of ``run`` over the pairs, once or as often as time allows."""
    results: list[tuple[float, int]] = []
    spent = 0.0
    while spent < seconds and len(results) < 200:
        first, second = pairs[len(results) % len(pairs)]
        began = time.process_time()
        results.append(run(first, second))
        spent += time.process_time() - began
    shown = results[: len(pairs)]
    return {
        "evaluations": len(results),
        "cpu_s": spent,
        "returns_pct": [float(row[0]) for row in shown],
        "trades": [int(row[1]) for row in shown],
    }


def vectorbt_rules(bars: Any, fee: float, cash: float) -> dict[str, Any]:
    """Return vectorbt's rules; signals are moved one bar on and filled at that bar's open."""
    import pandas as pd
    import vectorbt as vbt  # type: ignore[import-not-found, unused-ignore]

    index = pd.date_range("2020-01-01", periods=bars.shape[1], freq="5min")
    open_, close = pd.Series(bars[0], index=index), pd.Series(bars[3], index=index)

    def portfolio(entries: Any, exits: Any) -> tuple[float, int]:
        done = vbt.Portfolio.from_signals(
            close,
            entries.vbt.fshift(1),
            exits.vbt.fshift(1),
            price=open_,
            fees=fee,
            init_cash=cash,
            freq="5min",
        )
        done.max_drawdown()
        return float(done.total_return()) * 100.0, int(done.trades.count())

    def sma_cross(fast: int, slow: int) -> tuple[float, int]:
        quick, calm = vbt.MA.run(close, fast).ma, vbt.MA.run(close, slow).ma
        known = calm.notna() & quick.notna()
        return portfolio((quick > calm) & known, (quick < calm) & known)

    def donchian(entry: int, leave: int) -> tuple[float, int]:
        highest = close.vbt.rolling_max(entry, minp=entry).vbt.fshift(1)
        lowest = close.vbt.rolling_min(leave, minp=leave).vbt.fshift(1)
        return portfolio(close >= highest, close <= lowest)

    return {"sma_cross": sma_cross, "donchian": donchian}


def backtesting_rule(make: Any, entering: Any, leaving: Any) -> Any:
    """Return backtesting.py's class for one rule over two indicator lines."""
    import pandas as pd
    from backtesting import Strategy  # type: ignore[import-not-found, unused-ignore]

    class Rule(Strategy):  # type: ignore[misc, unused-ignore]
        def init(self) -> None:
            close = pd.Series(self.data.Close)
            self.up, self.down = (self.I(lambda x=x: x) for x in make(close))

        def next(self) -> None:
            price, up, down = self.data.Close[-1], self.up[-1], self.down[-1]
            if not self.position and entering(price, up, down):
                self.buy()
            elif self.position and leaving(price, up, down):
                self.position.close()

    return Rule


def backtesting_rules(bars: Any, fee: float, cash: float) -> dict[str, Any]:
    """Return backtesting.py's rules; its market orders fill at the next open by themselves."""
    import pandas as pd
    from backtesting import Backtest  # type: ignore[import-not-found, unused-ignore]

    index = pd.date_range("2020-01-01", periods=bars.shape[1], freq="5min")
    # Whole units only: prices are scaled so that one unit is small against the cash.
    scale = 1e-4 / float(bars[3].mean())
    table = pd.DataFrame(
        {name: bars[row] * scale for row, name in enumerate(("Open", "High", "Low", "Close"))},
        index=index,
    )

    def run(made: Any) -> tuple[float, int]:
        test = Backtest(table, made, cash=cash, commission=fee, finalize_trades=True)
        figures = test.run()
        return float(figures["Return [%]"]), int(figures["# Trades"])

    def sma_cross(fast: int, slow: int) -> tuple[float, int]:
        return run(
            backtesting_rule(
                lambda c: (c.rolling(fast).mean().to_numpy(), c.rolling(slow).mean().to_numpy()),
                lambda _, quick, calm: quick > calm,
                lambda _, quick, calm: quick < calm,
            )
        )

    def donchian(entry: int, leave: int) -> tuple[float, int]:
        return run(
            backtesting_rule(
                lambda c: (
                    c.rolling(entry).max().shift(1).to_numpy(),
                    c.rolling(leave).min().shift(1).to_numpy(),
                ),
                lambda price, highest, _: price >= highest,
                lambda price, _, lowest: price <= lowest,
            )
        )

    return {"sma_cross": sma_cross, "donchian": donchian}


def _loop_book(wanted: Any, opens: Any, closes: Any, fee: float, cash: float) -> Any:
    tokens, trades, peak, worst = 0.0, 0, cash, 0.0
    equity = np.empty(closes.shape[0])
    for i in range(closes.shape[0]):
        equity[i] = cash + tokens * closes[i]
        peak = max(peak, equity[i])
        worst = min(worst, equity[i] / peak - 1.0)
        if i + 1 == closes.shape[0]:
            break
        if tokens == 0.0 and wanted[i] == 1:
            tokens, cash = cash * (1.0 - fee) / opens[i + 1], 0.0
        elif tokens > 0.0 and wanted[i] == -1:
            tokens, cash, trades = 0.0, tokens * opens[i + 1] * (1.0 - fee), trades + 1
    if tokens > 0.0:
        cash, trades = tokens * closes[-1] * (1.0 - fee), trades + 1
        equity[-1] = cash
    return cash / equity[0] * 100.0 - 100.0, trades


def _loop_cross(closes: Any, fast: int, slow: int) -> Any:
    wanted = np.zeros(closes.shape[0], dtype=np.int8)
    quick, calm = 0.0, 0.0
    for i in range(closes.shape[0]):
        quick += closes[i] - (closes[i - fast] if i >= fast else 0.0)
        calm += closes[i] - (closes[i - slow] if i >= slow else 0.0)
        if i + 1 >= max(fast, slow):
            gap = quick / fast - calm / slow
            wanted[i] = 1 if gap > 0.0 else (-1 if gap < 0.0 else 0)
    return wanted


def _loop_highest(x: Any, window: int) -> Any:
    # The highest of the window before each bar: a queue of falling candidates.
    queue, first, last = np.empty(x.shape[0], dtype=np.int64), 0, 0
    out = np.full(x.shape[0], np.inf)
    for i in range(x.shape[0]):
        while last > first and queue[first] < i - window:
            first += 1
        if i >= window:
            out[i] = x[queue[first]]
        while last > first and x[queue[last - 1]] <= x[i]:
            last -= 1
        queue[last] = i
        last += 1
    return out


def _loop_channel(closes: Any, highest: Any, lowest: Any) -> Any:
    wanted = np.zeros(closes.shape[0], dtype=np.int8)
    for i in range(closes.shape[0]):
        if closes[i] >= highest[i]:
            wanted[i] = 1
        elif -closes[i] >= lowest[i]:
            wanted[i] = -1
    return wanted


def loop_rules(bars: Any, fee: float, cash: float) -> dict[str, Any]:
    """Return plain numba loops: features, fills and equity recomputed bar by bar per call."""
    from numba import njit

    open_, close = np.ascontiguousarray(bars[0]), np.ascontiguousarray(bars[3])
    below = -close
    book, cross = njit(_loop_book), njit(_loop_cross)
    highest, channel = njit(_loop_highest), njit(_loop_channel)

    def donchian(entry: int, leave: int) -> Any:
        wanted = channel(close, highest(close, entry), highest(below, leave))
        return book(wanted, open_, close, fee, cash)

    return {
        "sma_cross": lambda a, b: book(cross(close, a, b), open_, close, fee, cash),
        "donchian": donchian,
    }


PEERS = {
    "vectorbt": vectorbt_rules,
    "backtesting.py": backtesting_rules,
    "plain numba loop": loop_rules,
}


def ready(job: dict[str, Any], bars: Any) -> list[tuple[dict[str, Any], Any]]:
    """Return a row for every peer and rule, and its run, which was run once to warm it up."""
    found = []
    for peer, build in PEERS.items():
        for rule, pairs in job["rules"].items():
            row: dict[str, Any] = {"peer": peer, "rule": rule}
            run = None
            try:
                run = build(bars, job["fee"], job["cash"])[rule]
                run(*pairs[0])
            except Exception as error:  # noqa: BLE001  a peer that fails is a figure too
                row["reason"] = words(error)
            found.append((row, run))
    return found


def measured(row: dict[str, Any], run: Any, job: dict[str, Any]) -> dict[str, Any]:
    """Return the row with the figures of one round; one that failed keeps its reason."""
    if "reason" in row:
        return row
    try:
        return row | measure(run, job["rules"][row["rule"]], job["seconds"])
    except Exception as error:  # noqa: BLE001  it fails alone, the others still count
        row["reason"] = words(error)
        return row


def words(error: Exception) -> str:
    """Return why a peer failed."""
    return f"{type(error).__name__}: {error}"[:300]


def main(folder: Path) -> None:
    """Measure every peer, a round for each line that comes in."""
    warnings.simplefilter("ignore")
    job = json.loads((folder / "job.json").read_text())
    answers, sys.stdout = sys.stdout, sys.stderr  # what a peer prints is not an answer
    peers = ready(job, np.load(folder / "bars.npy"))
    for _ in sys.stdin:
        rows = [measured(row, run, job) for row, run in peers]
        print(json.dumps(rows), file=answers, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
