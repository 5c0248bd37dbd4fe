from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from tests.fakes.execution import INSTRUMENT, OPEN_TIME, STEP_MS, order, stop_order
from tests.unit.trading.desk.domain.decision.scripted import ScriptedDesk
from trading.base.domain.reasons import Outcome
from trading.base.domain.side import Side
from trading.desk.domain.decision.standing import NEVER, Standing, standing_of
from trading.desk.domain.execution.orders import Order, OrderPurpose
from trading.desk.domain.execution.positions import PositionState, apply_fill
from trading.desk.domain.execution.stops import StopState, open_stop
from trading.desk.domain.policy import StopPolicy

D = Decimal
HIGH, TARGET, DEADLINE = 110.0, 120.0, 1000
HELD = Standing(1, 50.0, 2.0, False, True, HIGH, TARGET, DEADLINE)


def position_of(quantity: str) -> PositionState:
    return apply_fill(
        None, n=1, bot_index=0, side=Side.BUY, quantity=D(quantity), price=D(100), fees=D(0),
        event_time=OPEN_TIME,
    ).position  # fmt: skip


def stop_at_entry(policy: StopPolicy) -> StopState:
    return open_stop(
        entry_price=D(100), atr=1.0, entry_time=OPEN_TIME, step_ms=STEP_MS, policy=policy,
        instrument=INSTRUMENT,
    )  # fmt: skip


def rests(*orders: Order) -> bool:
    stop = stop_at_entry(StopPolicy())
    return standing_of(1, D(0), position_of("2"), stop, orders).is_at_rest


def working_stop(**changes: object) -> Order:
    return replace(stop_order(str(stop_at_entry(StopPolicy()).current_stop)), **changes)


def test_a_bot_without_position_and_orders_is_idle_and_not_at_rest() -> None:
    standing = standing_of(7, D("12.5"), None, None, ())
    assert standing == Standing(7, 12.5, 0.0, True, False, math.inf, math.inf, NEVER)


def test_a_bot_that_waits_for_an_order_is_neither() -> None:
    standing = standing_of(7, D(0), None, None, (order(),))
    assert (standing.is_idle, standing.is_at_rest) == (False, False)


def test_a_position_rests_while_its_stop_order_stands_where_the_stop_is() -> None:
    assert rests(working_stop())
    assert rests(working_stop(), order(purpose=OrderPurpose.ENTRY))


def test_a_position_without_the_stop_it_should_have_does_not_rest() -> None:
    assert not rests()
    held = D(0), position_of("2"), None, ()
    assert standing_of(1, *held).is_at_rest
    assert not standing_of(1, *held, wants_stop=True).is_at_rest


@pytest.mark.parametrize(
    "changes",
    [
        {"stop_price": D("1.5")},
        {"quantity": D(3)},
        {"filled_quantity": D(1)},
        {"purpose": OrderPurpose.EXIT},
    ],
)
def test_a_position_does_not_rest_while_an_order_of_it_must_change(
    changes: dict[str, object],
) -> None:
    assert not rests(working_stop(**changes))


def test_what_was_sold_already_counts_into_the_stop_orders_quantity() -> None:
    assert rests(working_stop(quantity=D(5), filled_quantity=D(3)))


def test_the_limits_are_those_of_the_stop() -> None:
    stop = stop_at_entry(StopPolicy(target_multiple=3.0, max_hold_bars=10))
    standing = standing_of(1, D(0), position_of("2"), stop, ())
    assert stop.target is not None
    assert (standing.high_water, standing.target) == (100.0, float(stop.target))
    assert standing.deadline == OPEN_TIME + 10 * STEP_MS


def test_the_equity_is_the_money_and_what_is_held_at_the_price() -> None:
    assert HELD.equity(100.0) == 250.0


@pytest.mark.parametrize(
    ("high", "close", "close_time", "is_held"),
    [
        (HIGH, 100.0, DEADLINE - 1, True),
        (HIGH + 0.01, 100.0, DEADLINE - 1, False),
        (100.0, TARGET, DEADLINE - 1, False),
        (100.0, 100.0, DEADLINE, False),
        (math.nan, 100.0, DEADLINE - 1, False),
        (100.0, math.nan, DEADLINE - 1, False),
    ],
)
def test_a_bar_that_could_change_anything_is_looked_at_closely(
    high: float, close: float, close_time: int, is_held: bool
) -> None:
    assert HELD.is_held(high, close, close_time) is is_held


@pytest.mark.parametrize("seed", range(6))
def test_the_short_way_decides_as_the_long_way(seed: int) -> None:
    signals = dict.fromkeys(range(1, 2000, 40), 1) | dict.fromkeys(range(31, 2000, 160), -1)
    short, long = ScriptedDesk(signals), ScriptedDesk(signals)
    closes = 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.004, 1500)))
    seen = dict.fromkeys(Outcome, 0)
    for close in closes.tolist():
        bot = long.bot
        standing = bot.stand(long.driver.state.epoch)
        bot.standing = standing._replace(is_idle=False, is_at_rest=False)
        records = [desk.bar(close, high=close * 1.003, low=close * 0.997) for desk in (short, long)]
        one, other = records
        seen[one.outcome] += 1
        assert (one.outcome, one.data_hash, one.input_hash) == (
            other.outcome, other.data_hash, other.input_hash,
        )  # fmt: skip
        if one.outcome is Outcome.HOLDING:
            assert repr(one) == repr(other)
        assert (short.bot.equity, short.bot.peak_equity) == (bot.equity, bot.peak_equity)
    assert short.bot.realised_pnl == long.bot.realised_pnl
    assert min(seen[Outcome.HOLDING], seen[Outcome.NO_TRIGGER]) > 100
    assert short.bot.n_round_trips > 5
