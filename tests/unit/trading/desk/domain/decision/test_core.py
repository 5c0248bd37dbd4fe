"""The core on bars drawn by hand: one record per bot and bar, and the right reason in it."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_UP, Context, Decimal, localcontext

import pytest

from tests.unit.trading.desk.domain.decision.scripted import PAIR, STEP_MS, ScriptedDesk
from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import ExitReason, Gate, Outcome, TradingState
from trading.desk.domain.decision.journal import unpack_record
from trading.desk.domain.execution.orders import OrderPurpose
from trading.desk.domain.policy import EntryOrder, ExecutionPolicy, Policy, SchedulingPolicy
from trading.market.domain.bars import HIGH, Bar, BarFlag

BUY, SELL = 1, -1


def test_a_buy_signal_becomes_an_order_a_fill_at_the_next_open_and_a_protected_position() -> None:
    desk = ScriptedDesk({1: BUY})
    record = desk.bar(101.0)
    assert record.outcome is Outcome.ENTRY_ORDERED
    assert all(reading.verdict for reading in record.gates)
    assert desk.bot.position is None
    desk.bar(101.5)
    assert desk.bot.position is not None
    assert desk.bot.position.average_entry_price == Decimal("101.0202")  # open 101 and 2 bps
    stop = desk.bot.working(OrderPurpose.STOP)
    assert stop is not None
    assert stop.stop_price == desk.bot.stop.current_stop < Decimal(101)


def test_every_bot_leaves_exactly_one_record_on_every_bar() -> None:
    desk = ScriptedDesk({1: BUY, 5: SELL}, strategies=3)
    for close in (101, 102, 101, 103, 102, 101, 100):
        desk.bar(float(close))
    for out in desk.outputs:
        if out.journal:
            assert [row.bot_index for row in out.journal] == [0, 1, 2]


def test_a_sell_signal_closes_the_position_and_the_profit_meets_the_checkpoint() -> None:
    desk = ScriptedDesk({1: BUY, 4: SELL})
    for close in (101.0, 101.3, 101.6):
        desk.bar(close)
    assert desk.bar(101.9).outcome is Outcome.EXIT_ORDERED
    desk.bar(101.9)
    (trip,) = [trip for out in desk.outputs for trip in out.round_trips]
    assert trip.exit_reason is ExitReason.SIGNAL
    assert trip.result.realised_pnl == desk.bot.realised_pnl > 0
    assert trip.savings is not None
    assert desk.bot.cash == 1000 + desk.bot.realised_pnl
    assert not desk.bot.orders


def test_a_loss_meets_no_checkpoint() -> None:
    desk = ScriptedDesk({1: BUY, 3: SELL})
    for close in (101.0, 100.9, 100.8, 100.8):
        desk.bar(close)
    (trip,) = [trip for out in desk.outputs for trip in out.round_trips]
    assert trip.result.realised_pnl < 0
    assert trip.savings is None


def test_the_stop_sells_within_the_bar_and_the_record_says_so() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(101.2)
    assert desk.bar(96.0, low=95.0).outcome is Outcome.STOP_FILLED
    assert desk.bot.position is None
    (trip,) = [trip for out in desk.outputs for trip in out.round_trips]
    assert trip.exit_reason is ExitReason.STOP


def test_a_sell_signal_without_a_position_is_a_reason_not_a_silence() -> None:
    desk = ScriptedDesk({1: SELL})
    record = desk.bar(101.0)
    assert record.outcome is Outcome.SELL_WITHOUT_POSITION
    assert [r.gate for r in record.gates if not r.verdict] == [Gate.POSITION]


def test_a_bar_without_a_signal_records_that_the_trigger_gate_failed() -> None:
    record = ScriptedDesk({}).bar(100.5)
    assert record.outcome is Outcome.NO_TRIGGER
    assert {r.gate: bool(r.verdict) for r in record.gates} == {Gate.WARM: True, Gate.TRIGGER: False}


@pytest.mark.parametrize(
    ("flags", "skip", "outcome"),
    [
        (BarFlag.QUARANTINED, 0, Outcome.BAR_QUARANTINED),
        (BarFlag.NONE, 2, Outcome.GAP_COOLDOWN),
        (BarFlag.WARMUP, 0, Outcome.WARMING_UP),
    ],
)
def test_a_bar_that_cannot_be_trusted_opens_nothing(
    flags: int, skip: int, outcome: Outcome
) -> None:
    desk = ScriptedDesk({1: BUY})
    assert desk.bar(101.0, flags=flags, skip=skip).outcome is outcome
    assert not desk.bot.orders


@pytest.mark.parametrize("action", [0, BUY, SELL])
@pytest.mark.parametrize("skip", [0, 2])
@pytest.mark.parametrize(
    "flags",
    [BarFlag.NONE, BarFlag.QUARANTINED, BarFlag.WARMUP, BarFlag.WARMUP | BarFlag.QUARANTINED],
)
def test_the_first_gate_that_failed_names_what_a_bot_without_a_position_did(
    action: int, skip: int, flags: int
) -> None:
    record = ScriptedDesk({1: action}).bar(101.0, flags=flags, skip=skip)
    failed = [reading.gate for reading in record.gates if not reading.verdict]
    if not failed:
        assert record.outcome is Outcome.ENTRY_ORDERED
        return
    named = {
        Gate.STARTED: Outcome.WARMING_UP,
        Gate.BAR_QUALITY: Outcome.BAR_QUARANTINED,
        Gate.GAP: Outcome.GAP_COOLDOWN,
        Gate.TRIGGER: Outcome.NO_TRIGGER,
        Gate.POSITION: Outcome.SELL_WITHOUT_POSITION,
    }
    assert record.outcome is named[failed[0]]


def test_a_quarantined_wick_does_not_reach_the_stop() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(101.2)
    assert desk.bar(101.3, low=40.0, flags=BarFlag.QUARANTINED).outcome is Outcome.HOLDING
    assert desk.bot.position is not None


def test_features_and_ring_see_a_quarantined_bar_as_it_was_recorded() -> None:
    desk = ScriptedDesk({})
    desk.bar(101.0, high=170_000.0, flags=BarFlag.QUARANTINED)
    pair = desk.driver.state.pairs[PAIR]
    assert pair.bank.last_bar[HIGH] == pair.ring.column(HIGH)[-1] == 170_000.0
    assert pair.core_view[0] > 10_000.0  # average true range over 14 bars


def test_a_quarantined_gain_counts_once_a_later_bar_confirms_it() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(101.2)
    stop, peak = desk.bot.stop, desk.bot.peak_equity
    assert desk.bar(150.0, flags=BarFlag.QUARANTINED).outcome is Outcome.HOLDING
    assert (desk.bot.stop, desk.bot.peak_equity) == (stop, peak)
    assert desk.bot.equity > peak
    desk.bar(150.0)
    assert desk.bot.peak_equity == desk.bot.equity > peak
    assert desk.bot.stop is None or desk.bot.stop.current_stop > stop.current_stop


def test_a_quarantined_fall_reaches_the_stop_with_its_body() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.bar(101.0)
    desk.bar(101.2)
    assert desk.bar(60.0, flags=BarFlag.QUARANTINED).outcome is Outcome.STOP_FILLED


def test_an_entry_after_a_huge_wick_still_risks_what_the_policy_allows() -> None:
    desk = ScriptedDesk({2: BUY})
    desk.bar(101.0, high=400.0, flags=BarFlag.QUARANTINED)
    assert desk.bar(101.2).outcome is Outcome.ENTRY_ORDERED
    desk.bar(101.2)
    position, stop = desk.bot.position, desk.bot.stop
    loss = position.quantity * (position.average_entry_price - stop.current_stop)
    assert 0 < loss <= 1000 * Decimal("0.015")


def test_after_a_wick_without_measure_no_entry_is_worth_ordering() -> None:
    desk = ScriptedDesk({2: BUY})
    desk.bar(101.0, high=170_000.0, flags=BarFlag.QUARANTINED)
    assert desk.bar(101.2).outcome is Outcome.BELOW_MIN_NOTIONAL


def test_bars_seen_too_late_open_nothing_and_the_age_is_recorded() -> None:
    desk = ScriptedDesk({1: BUY})
    now_ms = desk.time + 2 * STEP_MS + 900_000
    desk.driver.core.apply_catch_up(desk.seq + 1, now_ms)
    record = desk.bar(101.0)
    assert record.outcome is Outcome.STALE_DATA
    (gate,) = [r for r in record.gates if r.gate is Gate.FRESHNESS]
    assert (gate.observed, gate.limit) == (900.0, 300.0)


def test_a_chain_pair_without_gas_opens_nothing() -> None:
    desk = ScriptedDesk({1: BUY}, venue="pulsex", native_balance="0.005")
    record = desk.bar(101.0)
    assert record.outcome is Outcome.GAS_TOO_LOW
    assert [(r.observed, r.limit) for r in record.gates if r.gate is Gate.GAS] == [(0.005, 0.01)]


@pytest.mark.parametrize(
    ("seats", "outcome"), [(3, Outcome.ENTRY_ORDERED), (2, Outcome.EQUAL_PROPOSALS)]
)
def test_equals_travel_together_or_not_at_all(seats: int, outcome: Outcome) -> None:
    policy = replace(Policy(), scheduling=SchedulingPolicy(seats_per_bar=seats))
    desk = ScriptedDesk({1: BUY}, strategies=3, policy=policy)
    record = desk.bar(101.0)
    assert record.outcome is outcome
    out = next(out for out in reversed(desk.outputs) if out.journal)
    assert {row.outcome for row in out.journal} == {outcome}
    assert [(r.observed, r.limit) for r in record.gates if r.gate is Gate.SEAT] == [(3, seats)]


def test_a_new_policy_counts_from_the_next_bar() -> None:
    desk = ScriptedDesk({1: BUY})
    before = desk.driver.state.epoch
    policy = Policy()
    strict = replace(policy, signals=replace(policy.signals, conviction_min=0.99))
    desk.driver.core.apply_policy(strict)
    record = desk.bar(101.0)
    assert record.outcome is Outcome.BELOW_CONVICTION
    assert record.epoch == before + 1


def test_a_step_that_does_not_move_on_is_refused() -> None:
    desk = ScriptedDesk({})
    bar = Bar(desk.time + 300_000, 100.0, 100.0, 100.0, 100.0, 1.0)
    with pytest.raises(InvariantError, match="came after"):
        desk.driver.core.step(desk.seq, [(PAIR, bar)], {})


def test_a_bar_of_a_pair_without_bots_changes_nothing_but_the_sequence() -> None:
    desk = ScriptedDesk({})
    digest = desk.driver.state.digest
    out = desk.driver.step(desk.seq + 1, [("ZZZ/USDT", Bar(0, 1.0, 1.0, 1.0, 1.0, 1.0))])
    assert (out.journal, desk.driver.state.digest) == ([], digest)


def test_the_record_of_a_denied_entry_keeps_every_gate() -> None:
    desk = ScriptedDesk({1: BUY})
    desk.driver.core.apply_trading_states({0: (TradingState.PAUSED, False)})
    desk.bar(101.0)
    out = next(out for out in reversed(desk.outputs) if out.journal)
    gates = {reading.gate for reading in unpack_record(out.journal[0].record).gates}
    assert gates >= set(Gate) - {Gate.POSITION, Gate.GAS, Gate.SEAT, Gate.STARTED, Gate.CLOCK}


@pytest.mark.parametrize("kind", list(EntryOrder))
def test_the_callers_decimal_context_changes_no_decision_and_no_amount(kind: EntryOrder) -> None:
    policy = replace(Policy(), execution=ExecutionPolicy(entry_order=kind))

    def run() -> tuple[str, str, bytes]:
        desk = ScriptedDesk({2: BUY, 30: SELL, 45: BUY}, policy=policy)
        closes = [101.0 + 0.731 * (i % 7) - 0.11 * i for i in range(60)]
        records = [desk.bar(close, low=close - 1.0) for close in closes]
        bot = desk.bot
        amounts = bot.cash, bot.reserved, bot.realised_pnl, bot.position, bot.stop
        assert bot.n_positions > 0
        return repr(records), repr(amounts), desk.driver.state.digest

    usual = run()
    with localcontext(Context(prec=5, rounding=ROUND_UP)):
        assert run() == usual
