"""Hold a desk replay of an installed bot against the evaluator, fill by fill."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, FillModel
from optimizer.domain.evaluator.trades import Trade, trades_of
from optimizer.domain.features.market import Span
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG, Signals
from optimizer.domain.systems import SYSTEMS
from trading.base.domain.reasons import Outcome
from trading.base.domain.side import Side
from trading.desk.domain.config import BotsConfig, DeskConfig, InstalledBot
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.journal import unpack_record
from trading.desk.domain.decision.output import RoundTripClosed
from trading.desk.domain.decision.state import BotState
from trading.desk.domain.execution.orders import ExecutionReport
from trading.desk.domain.policy import Policy
from trading.desk.services.journal.replay import bar_times
from trading.desk.services.sessions.blueprint import ghost_blueprint_make, state_build
from trading.market.domain.bars import BarArrays
from trading.market.domain.costs import SwapCostSchedule

STEP_MS = 300_000


def entries_of(costs: SwapCostSchedule) -> dict[str, Any]:
    """Return the schedule as the entries of a swap-cost cache, every digit kept."""
    columns = (costs.notional, costs.loss_rate, costs.buy_gas, costs.sell_gas)
    return {
        repr(notional): {
            "derived": {"loss_rate": repr(loss)},
            "buy": {"gas_use_estimate_usd": repr(buy)},
            "sell": {"gas_use_estimate_usd": repr(sell)},
        }
        for notional, loss, buy, sell in zip(*(c.tolist() for c in columns), strict=True)
    }


@dataclass(slots=True)
class DeskRun:
    """What the desk did; bar numbers count from the first bar given."""

    bot: BotState
    fills: list[tuple[int, Side, ExecutionReport]] = field(default_factory=list)
    trips: list[RoundTripClosed] = field(default_factory=list)
    refused: dict[int, Outcome] = field(default_factory=dict)  # buy signals, by bar


def desk_run(
    bars: BarArrays,
    bot: InstalledBot,
    costs: SwapCostSchedule,
    *,
    warm_bars: int = 0,
    policy: Policy | None = None,
) -> DeskRun:
    """Run an installed bot over the bars as its ghost session would, start and all."""
    config = DeskConfig(bots=BotsConfig(installed={"bot": bot}), policy=policy or Policy())
    blueprint = ghost_blueprint_make(
        config=config, name="bot", swap_cost_entries=entries_of(costs), warm_through_seq=warm_bars
    )
    stored = json.loads(json.dumps(blueprint))  # as the session reads it back
    driver = DeskDriver(state_build(stored, session_key="parity"))
    run = DeskRun(driver.state.bots[0])
    number = {time: i for i, time in enumerate(bars.open_time.tolist())}
    for time in bar_times({bot.pair: bars}):
        out = driver.step(time.seq, time.bars)
        record = unpack_record(out.journal[0].record)
        is_refused = record.side > 0 and record.outcome >= Outcome.BAR_QUARANTINED
        if is_refused:
            run.refused[time.seq - 1] = record.outcome
        for part in (out, *driver.send(out)):
            run.trips += part.round_trips
            run.fills += [(number[f.report.event_time], f.order.side, f.report) for f in part.fills]
    end, last = driver.core.apply_end(), len(bars) - 1  # both sell at the last close
    run.trips += end.round_trips
    run.fills += [(last, f.order.side, f.report) for f in end.fills]
    return run


@dataclass(slots=True)
class Parity:
    """How the two compare; ``worst`` is the largest relative difference of any figure."""

    closed: int
    refused: Counter[str]
    worst: float
    trades: tuple[Trade, ...]


def parity(
    bars: BarArrays,
    strategy: str,
    params: Mapping[str, float],
    costs: SwapCostSchedule,
    *,
    venue: str,
    pair: str,
    trade_size: float = 1000.0,
    warm_bars: int = 0,
) -> Parity:
    """Run both and compare every trade; raise AssertionError at the first that differs.

    Buy signals the desk refused for a stored reason are taken away from the evaluator's signals
    too, so that what is left must agree to the last trade.
    """
    bot = InstalledBot(
        venue=venue, pair=pair, strategy=strategy, params=dict(params),
        trade_size=Decimal(repr(trade_size)), is_saving=False,
    )  # fmt: skip
    desk = desk_run(bars, bot, costs, warm_bars=warm_bars)
    evaluator = Evaluator(bars, step_ms=STEP_MS, costs=costs)
    system, span = SYSTEMS[strategy], Span(warm_bars, len(bars))
    signals = evaluator.signals(system, system.strategy.resolve(params), span, warm_bars)
    kept = without(signals, list(desk.refused))
    _, rows = evaluator.run(kept, span, trade_size, FillModel.NEXT_OPEN)
    trades = trades_of(rows, 0)
    worst = _compare(desk, trades)
    reasons = Counter(outcome.name for outcome in desk.refused.values())
    return Parity(len(desk.trips), reasons, worst, trades)


def without(signals: Signals, bars: list[int]) -> Signals:
    """Return the signals without the buys of these bars; a sell on such a bar stays."""
    side = signals.side.copy()
    side[np.isin(signals.at, bars)] &= ~np.int8(BUY_FLAG)
    kept = side & (BUY_FLAG | SELL_FLAG) != 0
    return Signals(signals.at[kept], side[kept])


def _compare(desk: DeskRun, trades: tuple[Trade, ...]) -> float:
    assert [side for _, side, _ in desk.fills[::2]] == [Side.BUY] * len(desk.trips)
    assert [side for _, side, _ in desk.fills[1::2]] == [Side.SELL] * len(desk.trips)
    assert len(trades) == len(desk.trips)
    differences = [0.0]
    for i, trade in enumerate(trades):
        bar, _, buy = desk.fills[2 * i]
        tokens = (trade.notional_committed_quote - trade.cost_buy_quote) / trade.entry_price
        assert bar == trade.entry_index
        differences += _apart(
            (buy.price, trade.entry_price), (buy.quantity, tokens),
            (buy.fee + buy.gas_cost, trade.cost_buy_quote),
        )  # fmt: skip
        bar, _, sell = desk.fills[2 * i + 1]
        assert bar == trade.exit_index
        paid = sell.fee + sell.gas_cost
        differences += _apart(
            (sell.price, trade.exit_price), (sell.quantity, tokens), (paid, trade.cost_sell_quote),
            (sell.quantity * (sell.price or Decimal(0)) - paid, trade.proceeds_quote),
        )  # fmt: skip
    return max(differences)


def _apart(*pairs: tuple[Decimal | None, float]) -> list[float]:
    return [abs(float(found or 0) / wanted - 1.0) for found, wanted in pairs if wanted]
