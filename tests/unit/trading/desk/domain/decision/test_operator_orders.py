"""What people order, in the core: pauses, kills, a way back from the drawdown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.trading.desk.domain.decision.scripted import ScriptedDesk
from trading.base.domain.reasons import ExitReason, Outcome, TradingState
from trading.desk.domain.execution.orders import OrderPurpose
from trading.desk.domain.policy import EntryOrder, ExecutionPolicy, Policy

BUY, SELL = 1, -1


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (TradingState.PAUSED, Outcome.DESK_PAUSED),
        (TradingState.REDUCING, Outcome.DESK_REDUCING),
        (TradingState.HALTED, Outcome.DESK_HALTED),
    ],
)
def test_the_operators_order_refuses_entries(state: TradingState, outcome: Outcome) -> None:
    desk = ScriptedDesk({1: BUY})
    desk.driver.core.apply_trading_states({0: (state, False)})
    assert desk.bar(101.0).outcome is outcome


def test_a_pause_lets_exits_pass() -> None:
    desk = ScriptedDesk({1: BUY, 3: SELL})
    desk.bar(101.0)
    desk.bar(102.0)
    desk.driver.core.apply_trading_states({0: (TradingState.PAUSED, False)})
    assert desk.bar(103.0).outcome is Outcome.EXIT_ORDERED


@pytest.mark.parametrize("order", list(EntryOrder))
@pytest.mark.parametrize("state", list(TradingState)[1:])
def test_any_order_but_to_trade_takes_back_a_working_entry_at_once(
    state: TradingState, order: EntryOrder
) -> None:
    policy = replace(Policy(), execution=ExecutionPolicy(entry_order=order, limit_ttl_bars=50))
    desk = ScriptedDesk({1: BUY}, policy=policy)
    desk.bar(101.0)
    assert desk.bot.working(OrderPurpose.ENTRY) is not None
    out = desk.driver.core.apply_trading_states({0: (state, False)})
    desk.driver.send(out)
    assert not desk.bot.orders
    desk.bar(100.0)  # through the limit
    assert desk.bot.position is None


@pytest.mark.parametrize("state", [TradingState.PAUSED, TradingState.REDUCING])
def test_a_pause_within_a_partial_fill_keeps_what_is_filled_and_its_stop(
    state: TradingState,
) -> None:
    desk = ScriptedDesk({1: BUY}, policy=replace(Policy(), execution=_a_sliver()))
    desk.bar(101.0)
    desk.bar(101.2)
    filled = desk.bot.position.quantity
    assert desk.bot.working(OrderPurpose.ENTRY) is not None
    desk.driver.send(desk.driver.core.apply_trading_states({0: (state, False)}))
    desk.bar(101.3)
    desk.bar(101.3)
    assert desk.bot.position.quantity == filled
    assert [order.purpose for order in desk.bot.orders.values()] == [OrderPurpose.STOP]


def _a_sliver() -> ExecutionPolicy:
    """Return an execution in which one bar of a million fills a part of an entry."""
    return ExecutionPolicy(participation_pct=0.0001)


def test_a_bot_rearmed_after_its_drawdown_may_enter_again() -> None:
    limit = replace(Policy(), risk=replace(Policy().risk, max_drawdown_pct=0.4))
    desk = ScriptedDesk({1: BUY, 3: SELL, 20: BUY, 30: BUY}, policy=limit)
    for close in (101.0, 101.0, 99.5, *(99.5 for _ in range(16))):
        desk.bar(close)
    assert desk.bot.equity < desk.bot.peak_equity * 0.996
    assert desk.bar(99.5).outcome is Outcome.DRAWDOWN_LIMIT
    epoch = desk.driver.state.epoch
    out = desk.driver.core.apply_rearm([0])
    assert (out.bots, desk.bot.peak_equity) == ({0}, desk.bot.equity)
    for _ in range(9):
        desk.bar(99.5)
    record = desk.bar(99.5)
    assert (record.outcome, record.epoch) == (Outcome.ENTRY_ORDERED, epoch + 1)


def test_a_kill_with_flatten_sells_and_without_it_keeps_the_stop() -> None:
    kept, sold = ScriptedDesk({1: BUY}), ScriptedDesk({1: BUY})
    for desk, flatten in ((kept, False), (sold, True)):
        desk.bar(101.0)
        desk.bar(102.0)
        desk.driver.send(desk.driver.core.apply_trading_states({0: (TradingState.HALTED, flatten)}))
        desk.bar(102.0)
    assert kept.bot.working(OrderPurpose.STOP) is not None
    assert sold.bot.position is None
    trips = [trip for out in sold.outputs for trip in out.round_trips]
    assert [trip.exit_reason for trip in trips] == [ExitReason.KILL]
