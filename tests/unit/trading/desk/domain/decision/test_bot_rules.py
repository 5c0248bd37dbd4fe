"""A bot's own rules: what of the desk's policy they change, and which gates stay."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.unit.trading.desk.domain.decision.scripted import ScriptedDesk
from trading.base.domain.reasons import Gate, Outcome, TradingState
from trading.desk.domain.decision.journal import unpack_record
from trading.desk.domain.policy import (
    BotRules,
    EntryGates,
    EntryOrder,
    ExecutionPolicy,
    Policy,
    RiskPolicy,
    SchedulingPolicy,
    Sizing,
)
from trading.market.domain.bars import QUARANTINED
from trading.signals.domain.policy import SignalPolicy
from trading.signals.domain.strategies.base import BUY, SELL
from trading.treasury.domain.policy import SavingsPolicy

SYSTEM = BotRules(EntryGates.SYSTEM, Sizing.ALL_IN, is_stopped=False, is_saving=False)
STRICT = Policy(
    signals=SignalPolicy(conviction_min=1.0, gap_cooldown_bars=50),
    scheduling=SchedulingPolicy(seats_per_bar=1, cooldown_bars=50, edge_cost_multiple=99.0),
    risk=RiskPolicy(max_exposure_pct=1.0, max_open_positions=1),
    execution=ExecutionPolicy(entry_order=EntryOrder.LIMIT, participation_pct=0.0),
)


def desk_of(actions: dict[int, int], rules: BotRules = SYSTEM, bots: int = 1) -> ScriptedDesk:
    return ScriptedDesk(actions, policy=STRICT, strategies=bots, rules=rules)


def test_rules_that_say_nothing_change_nothing() -> None:
    assert BotRules().applied(STRICT) is STRICT


def test_rules_change_what_they_name_and_keep_the_rest() -> None:
    policy = SYSTEM.applied(STRICT)
    assert policy.execution.sizing is Sizing.ALL_IN
    assert policy.execution.entry_order is EntryOrder.MARKET
    assert not policy.stops.enabled
    assert policy.savings.ratio == 0
    assert policy.signals.gap_cooldown_bars == 0
    assert policy.risk == STRICT.risk
    assert policy.savings == replace(SavingsPolicy(), ratio=Decimal(0))


def test_a_system_bot_is_refused_by_none_of_the_desks_own_gates() -> None:
    desk = desk_of({1: BUY})
    record = desk.bar(101.0, skip=3)  # after missing bars
    assert record.outcome is Outcome.ENTRY_ORDERED
    assert {reading.gate for reading in record.gates} == {
        Gate.WARM, Gate.BAR_QUALITY, Gate.GAP, Gate.TRIGGER, Gate.TRADING_STATE,
        Gate.MIN_NOTIONAL, Gate.CASH, Gate.FRESHNESS,
    }  # fmt: skip


def test_the_same_signal_of_a_desk_bot_is_refused() -> None:
    desk = desk_of({1: BUY}, BotRules())
    assert desk.bar(101.0, skip=3).outcome is Outcome.GAP_COOLDOWN


def test_it_takes_no_seat_from_others() -> None:
    desk = desk_of({1: BUY}, bots=3)
    desk.bar(101.0)
    out = next(out for out in reversed(desk.outputs) if out.journal)
    outcomes = [unpack_record(row.record).outcome for row in out.journal]
    assert outcomes == [Outcome.ENTRY_ORDERED] * 3
    assert desk.driver.state.seats == {}


def test_outliers_and_the_operator_still_refuse_it() -> None:
    assert desk_of({1: BUY}).bar(101.0, flags=QUARANTINED).outcome is Outcome.BAR_QUARANTINED
    paused = desk_of({1: BUY})
    paused.driver.core.apply_trading_states({0: (TradingState.PAUSED, False)})
    assert paused.bar(101.0).outcome is Outcome.DESK_PAUSED


def test_all_its_cash_is_spent_at_the_next_open_without_a_stop() -> None:
    desk = desk_of({1: BUY})
    desk.bar(101.0)
    desk.bar(102.0)
    fill = desk.outputs[-1].fills or desk.outputs[-2].fills
    assert len(fill) == 1
    assert desk.bot.position is not None
    assert desk.bot.stop is None
    assert 0 <= desk.bot.cash < Decimal("0.01")
    assert not desk.bot.orders


def test_a_profit_meets_a_checkpoint_that_sets_nothing_aside() -> None:
    desk = desk_of({1: BUY, 3: SELL})
    for close in (101.0, 120.0, 150.0, 150.0):
        desk.bar(close)
    (trip,) = [trip for out in desk.outputs for trip in out.round_trips]
    assert trip.result.realised_pnl > 0
    assert trip.savings is not None
    assert trip.savings.reserved == desk.bot.reserved == 0


def test_a_new_policy_reaches_it_through_its_rules() -> None:
    desk = desk_of({})
    desk.driver.core.apply_policy(replace(STRICT, risk=RiskPolicy(max_bar_age_s=60.0)))
    assert desk.bot.policy.risk.max_bar_age_s == 60.0
    assert desk.bot.policy.execution.sizing is Sizing.ALL_IN
