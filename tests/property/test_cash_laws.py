"""No bot ever owes: not after a jump at the open, not at a price near nothing, not for gas."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fakes.crowd import EASY, Member, bars_after, calm_bars, desk_of, run
from tests.fakes.execution import INSTRUMENT, STEP_MS, bar, limit_order
from tests.oracles.paths import schedule
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.execution.matching import match_bar
from trading.desk.domain.policy import (
    BotRules,
    EntryGates,
    EntryOrder,
    ExecutionPolicy,
    Policy,
    Sizing,
)
from trading.market.domain.bars import Bar
from trading.market.domain.costs import SwapCosts, VenueCosts

PAIR, BARS = "AAA/USDT", 10
PRICES = st.sampled_from([1e-18, 1e-15, 1e-14, 3.3e-12, 1e-8, 0.07, 100.0, 65_000.0, 1e11])
GAPS = st.sampled_from([1e-6, 0.3, 0.9, 1.0, 1.02, 1.6, 40.0, 1e6])
VOLUMES = st.sampled_from([0.0, 1e-6, 3.0, 1e6, 1e22])
SHAPES = st.lists(st.tuples(GAPS, GAPS, VOLUMES), min_size=BARS, max_size=BARS)
SCRIPTS = st.lists(st.sampled_from([0, 1, 1, -1]), min_size=BARS, max_size=BARS)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    execution = ExecutionPolicy(
        entry_order=draw(st.sampled_from(EntryOrder)),
        sizing=draw(st.sampled_from(Sizing)),
        taker_fee_bps=draw(st.sampled_from([0.0, 10.0, 1000.0])),
        maker_fee_bps=draw(st.sampled_from([0.0, 8.0, 1000.0])),
        slippage_bps=draw(st.sampled_from([0.0, 2.0, 1000.0])),
        participation_pct=draw(st.sampled_from([0.0, 10.0])),
        gas_per_swap_native=Decimal(draw(st.sampled_from(["0.00015", "0.2"]))),
    )
    risk = replace(
        EASY.risk, max_exposure_pct=1000.0, position_pct=draw(st.sampled_from([50.0, 100.0])),
        risk_per_trade_pct=100.0, daily_loss_pct=100.0, max_drawdown_pct=100.0,
    )  # fmt: skip
    savings = replace(EASY.savings, min_closes=0, score_min=0.0, plan_fee_ratio=Decimal(0))
    return replace(EASY, execution=execution, risk=risk, savings=savings)


def owes_nothing(_out: StepOutput, state: DeskState) -> None:
    for bot in state.bots:
        assert bot.cash >= 0
        assert bot.reserved >= 0
        assert bot.native_balance >= 0


def tried(
    script: list[int], shapes: list[tuple[float, float, float]], price: float, policy: Policy,
    is_pool: bool,
) -> DeskState:  # fmt: skip
    signals = {i: (action, 0.9, 0.9) for i, action in enumerate(script)}
    rules = BotRules(EntryGates.SYSTEM, Sizing.ALL_IN)
    members = [Member(PAIR, signals, "desk"), Member(PAIR, signals, "system", rules=rules)]
    venue, swap = ("pulsex", SwapCosts(schedule())) if is_pool else ("test", None)
    bars = [(PAIR, bar) for bar in bars_after(calm_bars(price), shapes) if usable(bar)]
    return run(desk_of(members, policy, venue=venue, swap=swap), bars, owes_nothing).state


def usable(bar: Bar) -> bool:
    return bar.low > 0 and bar.high < 1e15


@given(SCRIPTS, SHAPES, PRICES, policies(), st.booleans())
@example([1] * BARS, [(1.6, 1.0, 1e22)] * BARS, 1e-14, EASY, False)
@example([1] * BARS, [(1.6, 1.0, 1e6)] * BARS, 100.0, EASY, False)
@example([1, 0, 0, 0, -1, 0, 0, 0, 0, 0], [(1.0, 1e-6, 1e22)] * BARS, 100.0, EASY, True)
@settings(max_examples=150, deadline=None)
def test_no_account_ever_goes_below_zero(
    script: list[int], shapes: list[tuple[float, float, float]], price: float, policy: Policy,
    is_pool: bool,
) -> None:  # fmt: skip
    tried(script, shapes, price, policy, is_pool)


def test_a_resting_entry_pays_what_resting_costs_even_where_that_became_dearer() -> None:
    costly = VenueCosts(taker_fee=Decimal(0), maker_fee=Decimal("0.1"), slippage=Decimal(0))
    order = limit_order("100", budget=Decimal(100))  # 2 at 100; sized when resting was free
    reports = match_bar(
        [order], bar(101, low=99), step_ms=STEP_MS, instrument=INSTRUMENT, costs=costly,
        participation_pct=0,
    )  # fmt: skip
    assert (reports[0].quantity, reports[0].fee) == (Decimal("0.9"), Decimal(9))
    assert "no cash" in reports[1].reason


def test_an_entry_into_a_jump_buys_what_the_cash_pays_for_and_ends() -> None:
    risk = replace(EASY.risk, position_pct=100.0, risk_per_trade_pct=100.0, max_exposure_pct=1000.0)
    policy = replace(EASY, risk=risk)
    jump = [(1.0, 1.0, 1e9), (1.0, 1.0, 1e9), (1.3, 1.0, 1e9), (1.0, 1.0, 1e9)]
    state = tried([0, 1, 0, 0], jump, 100.0, policy, is_pool=False)
    bot = state.bots[0]
    assert bot.position is not None
    # 1,000 less a fee of 1, at 130.026; it was sized for 994 at 100.02
    assert bot.position.quantity == Decimal("7.68307876")
    assert 0 <= bot.cash < Decimal("0.01")
    assert {order.purpose for order in bot.orders.values()} == {"stop"}
