"""A desk behind the market opens nothing, and closes at no price that had passed already."""

from __future__ import annotations

from tests.unit.trading.desk.domain.decision.scripted import STEP_MS, ScriptedDesk
from trading.base.domain.reasons import Gate, Outcome
from trading.desk.domain.execution.orders import OrderPurpose, OrderType
from trading.signals.domain.strategies.base import BUY, SELL


def late(desk: ScriptedDesk, n_bars: int, more_ms: int = 0) -> int:
    """Say that the next bars were read when the last of them closed, or later; return when."""
    now_ms = desk.time + (n_bars + 1) * STEP_MS + more_ms
    desk.driver.core.apply_catch_up(desk.seq + n_bars, now_ms)
    return now_ms


def test_the_age_of_each_bar_is_counted_from_its_own_close() -> None:
    desk = ScriptedDesk({1: BUY, 2: BUY, 3: BUY})
    late(desk, 3, 60_000)
    ages = []
    for close in (101.0, 101.2, 101.4):
        record = desk.bar(close)
        ages += [gate.observed for gate in record.gates if gate.gate is Gate.FRESHNESS]
    assert ages == [660.0, 360.0, 60.0]


def test_an_exit_ordered_on_an_old_bar_fills_when_it_could_have_been_sent() -> None:
    desk = ScriptedDesk({1: BUY, 3: SELL})
    desk.bar(101.0)
    desk.bar(101.2)  # bought at its open
    assert desk.bot.position is not None
    now_ms = late(desk, 4)
    assert desk.bar(101.0).outcome is Outcome.EXIT_ORDERED
    for close in (99.0, 98.0, 97.0):  # had passed before the desk knew
        desk.bar(close)
        assert desk.bot.position is not None
    desk.bar(96.0)
    (trip,) = [trip for out in desk.outputs for trip in out.round_trips]
    assert trip.result.exit_time == now_ms == desk.time
    assert trip.result.exit_price < 97


def test_a_stop_is_not_moved_in_the_past() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(101.2)
    before = desk.bot.working(OrderPurpose.STOP)
    assert before is not None
    assert before.type is OrderType.STOP_MARKET
    late(desk, 2)
    desk.bar(103.0)  # the trail would move the stop up
    held = desk.bot.working(OrderPurpose.STOP)
    assert held is not None
    assert held.stop_price == before.stop_price
    assert desk.bot.stop.current_stop > before.stop_price
    desk.bar(103.1)
    desk.bar(103.2)  # the first that was read in time
    moved = desk.bot.working(OrderPurpose.STOP)
    assert moved is not None
    assert moved.stop_price > before.stop_price


def test_a_resting_stop_fills_on_old_bars_as_it_did_at_the_venue() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(101.2)
    late(desk, 2)
    desk.bar(60.0)
    assert desk.bot.position is None


def test_a_clock_off_the_venues_blocks_entries_and_no_exit() -> None:
    desk = ScriptedDesk({1: BUY, 3: BUY, 5: SELL})
    desk.driver.core.apply_clock(40.0, 10.0)
    record = desk.bar(101.0)
    assert record.outcome is Outcome.CLOCK_SKEWED
    assert [(g.observed, g.limit) for g in record.gates if g.gate is Gate.CLOCK] == [(40.0, 10.0)]
    desk.driver.core.apply_clock(0.0, 10.0)
    desk.bar(101.2)
    assert desk.bar(101.4).outcome is Outcome.ENTRY_ORDERED
    desk.bar(101.6)
    desk.driver.core.apply_clock(-40.0, 10.0)
    assert desk.bar(101.8).outcome is Outcome.EXIT_ORDERED
