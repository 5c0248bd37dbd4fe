"""Run by the peer's own interpreter: nautilus_trader's backtest engine over the bars of a job.

Not part of the desk: it imports nothing of it and is only ever started as a program, with a folder
that holds the bars and ``job.json``. For each line it reads it measures one run and prints the
figures as one line of JSON.

Of every pair three bots trade, as ours does: two crossings of exponential averages and one
breakout, long only, market orders, each entry with a protective stop order. They watch less than
ours: no forecast, no shared limits, no stop that trails, no record of what was decided. Only the
engine's run is timed; logging, reports and the analysis afterwards are off.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import (
    AverageTrueRange,
    DonchianChannel,
    ExponentialMovingAverage,
)
from nautilus_trader.model import currencies
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

VENUE = "PEER"
DIGITS = 8  # of every price and quantity
ATR_BARS, ATR_MULTIPLE = 14, 3.0  # of the protective stop


class Cross:
    """Buy when the fast average crosses the slow one upwards, sell when downwards."""

    def __init__(self, fast: int, slow: int) -> None:
        self.fast, self.slow = ExponentialMovingAverage(fast), ExponentialMovingAverage(slow)
        self.indicators = (self.fast, self.slow)
        self.is_above = True  # the first bars are no crossing upwards

    def signal(self, _close: float) -> int:
        """Return 1, -1 or 0."""
        before, self.is_above = self.is_above, self.fast.value > self.slow.value
        return 0 if self.is_above == before else (1 if self.is_above else -1)


class Breakout:
    """Buy at the highest of the bars before, sell at the lowest."""

    def __init__(self, window: int) -> None:
        self.channel = DonchianChannel(window)
        self.indicators = (self.channel,)
        self.upper, self.lower = float("inf"), float("-inf")

    def signal(self, close: float) -> int:
        """Return 1, -1 or 0."""
        upper, lower = self.upper, self.lower  # of the bars before this one
        self.upper, self.lower = self.channel.upper, self.channel.lower
        return 1 if close >= upper else (-1 if close <= lower else 0)


RULES = (lambda: Cross(48, 192), lambda: Cross(96, 384), lambda: Breakout(48))


class Bot(Strategy):  # type: ignore[misc, unused-ignore]
    """One rule on one pair with its own money."""

    def __init__(self, pair: Pair, rule: Any, number: int, cash: float) -> None:
        tag = f"{number:03d}"
        super().__init__(StrategyConfig(strategy_id=f"BOT-{tag}", order_id_tag=tag))
        self.pair, self.rule, self.money = pair.instrument, rule, cash
        self.kind, self.range = pair.kind, AverageTrueRange(ATR_BARS)
        self.held: Any = None
        self.guard: Any = None
        self.n_fills, self.is_waiting = 0, False

    def on_start(self) -> None:
        """Follow the bars."""
        for indicator in (self.range, *self.rule.indicators):
            self.register_indicator_for_bars(self.kind, indicator)
        self.subscribe_bars(self.kind)

    def on_bar(self, bar: Any) -> None:
        """Enter or leave at the next price."""
        if not self.indicators_initialized():
            return
        close = bar.close.as_double()
        signal = self.rule.signal(close)
        if self.is_waiting or not signal or (signal > 0) == (self.held is not None):
            return
        self.is_waiting = True
        if signal > 0:
            quantity = self.pair.make_qty(self.money / close)
            self.submit_order(self.order_factory.market(self.pair.id, OrderSide.BUY, quantity))
        else:
            self.cancel_order(self.guard)
            self.submit_order(self.order_factory.market(self.pair.id, OrderSide.SELL, self.held))

    def on_order_filled(self, event: Any) -> None:
        """Protect what was bought."""
        self.n_fills += 1
        self.is_waiting = False
        if event.order_side == OrderSide.SELL:
            self.held = self.guard = None
            return
        self.held = event.last_qty
        price = event.last_px.as_double() - ATR_MULTIPLE * self.range.value
        self.guard = self.order_factory.stop_market(
            self.pair.id, OrderSide.SELL, self.held, self.pair.make_price(price)
        )
        self.submit_order(self.guard)


class Pair:
    """One pair with its bars in the engine's own form."""

    def __init__(self, name: str, times: Any, values: Any, fee: float, minutes: int) -> None:
        self.instrument = instrument_of(name, fee)
        self.kind = BarType.from_str(f"{self.instrument.id}-{minutes}-MINUTE-LAST-EXTERNAL")
        closed = pd.to_datetime(times + minutes * 60_000, unit="ms", utc=True)
        names = ("open", "high", "low", "close", "volume")
        table = pd.DataFrame({n: values[i] for i, n in enumerate(names)}, index=closed)
        self.bars = BarDataWrangler(self.kind, self.instrument).process(table)


def instrument_of(pair: str, fee: float) -> Any:
    """Return the engine's description of a spot pair against USDT."""
    base, symbol = pair.partition("/")[0], pair.replace("/", "")
    step = format(Decimal(1).scaleb(-DIGITS), "f")
    return CurrencyPair(
        instrument_id=InstrumentId.from_str(f"{symbol}.{VENUE}"),
        raw_symbol=Symbol(symbol),
        base_currency=getattr(currencies, base),
        quote_currency=currencies.USDT,
        price_precision=DIGITS,
        size_precision=DIGITS,
        price_increment=Price.from_str(step),
        size_increment=Quantity.from_str(step),
        maker_fee=Decimal(str(fee)),
        taker_fee=Decimal(str(fee)),
        ts_event=0,
        ts_init=0,
    )


class Job:
    """The pairs, made once; every run has an engine and bots of its own."""

    def __init__(self, folder: Path) -> None:
        job = json.loads((folder / "job.json").read_text())
        self.cash = job["cash"]
        self.pairs = [
            Pair(
                name,
                np.load(folder / f"times{n}.npy"),
                np.load(folder / f"values{n}.npy"),
                job["fee"],
                job["minutes"],
            )
            for n, name in enumerate(job["pairs"])
        ]

    def run(self) -> dict[str, Any]:
        """Return the figures of one run."""
        engine, bots = self.engine()
        cpu, wall = time.process_time(), time.perf_counter()
        engine.run()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        fills = sum(bot.n_fills for bot in bots)
        engine.dispose()
        n_bars = sum(len(pair.bars) for pair in self.pairs)
        return {"bars": n_bars, "bots": len(bots), "fills": fills, "cpu_s": cpu, "wall_s": wall}

    def engine(self) -> tuple[Any, list[Bot]]:
        """Return an engine that is ready, and its bots."""
        engine = BacktestEngine(
            BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
        )
        enough = Money(2 * self.cash * len(RULES) * len(self.pairs), currencies.USDT)
        engine.add_venue(Venue(VENUE), OmsType.NETTING, AccountType.CASH, [enough])
        bots: list[Bot] = []
        for pair in self.pairs:
            engine.add_instrument(pair.instrument)
            engine.add_data(pair.bars)
            for rule in RULES:
                bots.append(Bot(pair, rule(), len(bots), self.cash))
        engine.add_strategies(bots)
        return engine, bots


def main(folder: Path) -> None:
    """Measure a run for each line that comes in; one before is not timed."""
    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr  # what a peer prints is not an answer
    job = Job(folder)
    job.run()
    for _ in sys.stdin:
        print(json.dumps(job.run()), file=answers, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
