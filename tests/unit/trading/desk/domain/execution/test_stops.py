"""Where a stop starts, how it moves, and what ends a position."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.execution import INSTRUMENT, STEP_MS, D
from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import ExitReason
from trading.desk.domain.execution.stops import StopState, exit_due, open_stop, ratchet, switched_on
from trading.desk.domain.policy import StopPolicy

POLICY = StopPolicy()  # 3 ATR stop, 12 ATR target, breakeven 1 %, trail from 1.5 % at 4 ATR


def opened(entry: str = "100", atr: float = 0.5, policy: StopPolicy = POLICY) -> StopState:
    return open_stop(
        entry_price=D(entry),
        atr=atr,
        entry_time=1000,
        step_ms=STEP_MS,
        policy=policy,
        instrument=INSTRUMENT,
    )


def raised(
    stop: StopState, high: float, policy: StopPolicy = POLICY, time: int = 2000
) -> StopState:
    return ratchet(stop, high=high, close_time=time, instrument=INSTRUMENT, policy=policy)


def test_a_stop_opens_at_its_distances_from_the_entry() -> None:
    stop = opened()
    assert (stop.initial_stop, stop.current_stop) == (D("98.5"), D("98.5"))
    assert (stop.target, stop.trail_distance) == (D(106), D(2))
    assert (stop.breakeven_price, stop.trail_activation_price) == (D(100), D("101.5"))
    assert stop.hold_deadline == 1000 + 864 * STEP_MS
    assert (stop.high_water, stop.water_mark_time, stop.revision) == (D(100), 1000, 1)
    assert not stop.is_breakeven_armed
    assert not stop.is_trailing_armed


def test_what_the_policy_switches_off_is_none_and_never_zero() -> None:
    stop = opened(policy=StopPolicy(target_multiple=0.0, breakeven_pct=0.0, max_hold_bars=0))
    assert (stop.target, stop.breakeven_price, stop.hold_deadline) == (None, None, None)
    assert not raised(stop, 101.4).is_breakeven_armed


def test_prices_of_a_stop_are_on_the_tick_and_below_the_entry() -> None:
    stop = opened(entry="100", atr=0.001)
    assert stop.initial_stop == D("99.99")
    assert opened(atr=0.12345).initial_stop == D("99.62")


def test_an_atr_wider_than_the_price_leaves_a_stop_above_zero() -> None:
    assert opened(atr=80.0).initial_stop == D(5)
    assert opened(atr=1e40).initial_stop == D(5)


@pytest.mark.parametrize("atr", [0.0, -1.0, float("nan"), float("inf")])
def test_without_a_usable_atr_the_emergency_distance_protects(atr: float) -> None:
    stop = opened(atr=atr)
    assert (stop.initial_stop, stop.target) == (D(98), None)
    assert stop.trail_distance == D(2)


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_an_entry_price_that_is_none_is_refused(price: str) -> None:
    with pytest.raises(InvariantError, match="entry price"):
        opened(entry=price)


def test_a_quiet_bar_changes_nothing() -> None:
    stop = opened()
    assert raised(stop, 99.0) is stop
    assert raised(stop, 100.0) is stop


def test_a_new_high_is_remembered_even_when_the_stop_stays() -> None:
    stop = raised(opened(), 100.5, time=2000)
    assert (stop.high_water, stop.water_mark_time, stop.revision) == (D("100.5"), 2000, 2)
    assert stop.current_stop == D("98.5")


def test_a_gain_of_one_percent_lifts_the_stop_to_the_entry() -> None:
    assert raised(opened(), 100.99).current_stop == D("98.5")
    stop = raised(opened(), 101.0)
    assert (stop.current_stop, stop.is_breakeven_armed) == (D(100), True)


def test_trailing_follows_the_high_water_at_the_fixed_distance() -> None:
    stop = raised(opened(), 103.0)
    assert (stop.current_stop, stop.is_trailing_armed) == (D(101), True)
    assert raised(stop, 104.507).current_stop == D("102.51")  # on the tick, the tighter side
    assert raised(stop, 90.0) is stop


def test_a_stop_stays_where_it_is_when_protection_is_switched_off() -> None:
    stop = raised(opened(), 103.0)
    assert raised(stop, 120.0, policy=StopPolicy(enabled=False)) is stop


def test_breakeven_obeys_the_policy_in_force_on_the_bar() -> None:
    stop = raised(opened(), 100.8)
    assert raised(stop, 99.0, policy=StopPolicy(breakeven_pct=0.5)).is_breakeven_armed


@pytest.mark.parametrize("high", [0.0, -1.0, float("nan"), float("inf")])
def test_a_high_that_is_no_price_is_refused(high: float) -> None:
    with pytest.raises(InvariantError, match="bar high"):
        raised(opened(), high)
    with pytest.raises(InvariantError):
        exit_due(opened(), high=high, close=100.0, close_time=0)


def test_the_target_is_due_once_reached_and_comes_before_time() -> None:
    stop = opened()
    assert exit_due(stop, high=105.99, close=105.0, close_time=2000) is None
    assert exit_due(stop, high=106.0, close=105.0, close_time=2000) is ExitReason.TARGET
    assert exit_due(stop, high=106.0, close=105.0, close_time=10**15) is ExitReason.TARGET


def test_time_is_due_at_the_deadline() -> None:
    stop = opened()
    deadline = stop.hold_deadline or 0
    assert exit_due(stop, high=101.0, close=100.0, close_time=deadline - 1) is None
    assert exit_due(stop, high=101.0, close=100.0, close_time=deadline) is ExitReason.TIME


def after_switching(before: StopPolicy, now: StopPolicy) -> tuple[StopState, StopState]:
    """Return a stop opened under one policy, and what another makes of it."""
    given = {
        "entry_price": D(100), "atr": 1.0, "entry_time": 1000, "step_ms": STEP_MS,
        "instrument": INSTRUMENT,
    }  # fmt: skip
    stop = open_stop(policy=before, **given)
    return stop, switched_on(stop, policy=now, **given)


OFF = StopPolicy(target_multiple=0.0, breakeven_pct=0.0, max_hold_bars=0)


def test_what_is_switched_on_later_is_what_it_would_have_been_from_the_entry() -> None:
    on = StopPolicy(target_multiple=5.0, breakeven_pct=2.0, max_hold_bars=7)
    stop, after = after_switching(OFF, on)
    assert (stop.target, stop.breakeven_price, stop.hold_deadline) == (None, None, None)
    assert (after.target, after.breakeven_price) == (D(105), D(100))
    assert after.hold_deadline == 1000 + 7 * STEP_MS
    assert (after.current_stop, after.revision) == (stop.current_stop, stop.revision + 1)


def test_what_was_on_stays_as_it_was_fixed_and_nothing_is_switched_off() -> None:
    stop, after = after_switching(StopPolicy(), StopPolicy(target_multiple=1.0, max_hold_bars=3))
    assert after is stop
    stop, after = after_switching(StopPolicy(), OFF)
    assert after is stop
    stop, after = after_switching(OFF, StopPolicy(enabled=False))
    assert after is stop


@pytest.mark.parametrize(
    "field",
    ["initial_stop", "current_stop", "high_water", "trail_distance", "trail_activation_price"],
)
@pytest.mark.parametrize("value", [None, 0, 98.5, D(0), D("-1"), D("NaN"), D("Infinity")], ids=repr)
def test_a_stop_state_without_a_real_price_cannot_be_built(field: str, value: object) -> None:
    with pytest.raises(InvariantError, match=field):
        replace(opened(), **{field: value})


@pytest.mark.parametrize("field", ["target", "breakeven_price"])
def test_an_optional_price_is_none_or_real(field: str) -> None:
    assert getattr(replace(opened(), **{field: None}), field) is None
    with pytest.raises(InvariantError, match=field):
        replace(opened(), **{field: Decimal(0)})


def test_an_old_schema_or_a_loosened_stop_cannot_be_built() -> None:
    with pytest.raises(InvariantError, match="schema was 0"):
        replace(opened(), schema_version=0)
    with pytest.raises(InvariantError, match="looser"):
        replace(opened(), current_stop=D(98))
