"""What is open is protected once that is switched on, and booked when the session ends."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.unit.trading.desk.domain.decision.scripted import ScriptedDesk
from trading.base.domain.reasons import ExitReason, Outcome
from trading.desk.domain.execution.orders import OrderPurpose
from trading.desk.domain.policy import Policy
from trading.market.domain.bars import BarFlag

BUY = 1


def test_a_switch_turned_on_protects_what_is_open_from_the_next_bar() -> None:
    off = replace(Policy(), stops=replace(Policy().stops, enabled=False))
    desk, always = ScriptedDesk({1: BUY}, policy=off), ScriptedDesk({1: BUY})
    for each in (desk, always):
        each.bar(101.0)
        each.bar(101.2)
    assert desk.bot.position is not None
    assert (desk.bot.stop, desk.bot.working(OrderPurpose.STOP)) == (None, None)
    desk.driver.core.apply_policy(Policy())
    assert desk.bar(101.2).outcome is Outcome.HOLDING
    stop = desk.bot.working(OrderPurpose.STOP)
    assert stop is not None
    assert stop.stop_price == always.bot.stop.initial_stop
    assert stop.quantity == desk.bot.position.quantity
    assert desk.bar(96.0, low=95.0).outcome is Outcome.STOP_FILLED


def test_a_target_switched_on_counts_for_what_is_open() -> None:
    off = replace(Policy(), stops=replace(Policy().stops, target_multiple=0.0))
    desk = ScriptedDesk({1: BUY}, policy=off)
    desk.bar(101.0)
    desk.bar(101.2)
    assert desk.bot.stop.target is None
    desk.driver.core.apply_policy(Policy())
    desk.bar(101.2)
    assert desk.bot.stop.target is not None
    assert desk.bar(110.0).outcome is Outcome.EXIT_ORDERED


def test_the_end_books_what_is_open_at_the_last_price_and_takes_orders_back() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(103.0)
    before = desk.driver.state.digest
    out = desk.driver.core.apply_end()
    desk.driver.send(out)
    (trip,) = out.round_trips
    assert trip.exit_reason is ExitReason.END_OF_DATA
    assert trip.result.exit_price == Decimal("102.9794")  # 103 less 2 bps
    assert trip.result.exit_time == desk.time + 300_000
    assert trip.savings is not None
    assert (desk.bot.position, desk.bot.orders) == (None, {})
    assert desk.bot.cash == 1000 + trip.result.realised_pnl
    assert desk.driver.state.digest != before
    assert out.equity == {"USDT": (float(desk.bot.cash), 0.0)}
    assert out.equity_time == desk.time + 300_000


def test_the_end_after_an_outlier_books_the_lower_end_of_its_body() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(101.2)
    desk.bar(5000.0, flags=BarFlag.QUARANTINED)
    (trip,) = desk.driver.core.apply_end().round_trips
    assert trip.result.exit_price < Decimal("101.2")


def test_equity_is_sampled_when_time_moves_on() -> None:
    desk = ScriptedDesk({})
    points = [out for out in desk.outputs if out.equity]
    assert len(points) > 50
    assert all(out.equity_time == out.bar_time - 300_000 for out in points)
    assert all(out.equity_time % 900_000 == 0 for out in points)
