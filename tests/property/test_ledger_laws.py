"""Every bot has what its entries say, after every step, and nothing comes from nowhere."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.crowd import EASY, Member, bars_after, calm_bars, desk_of, run
from tests.oracles.paths import schedule
from trading.base.domain.money import ZERO, total
from trading.desk.domain.decision.movements import opening_entries, place_of
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.policy import (
    BotRules,
    EntryGates,
    EntryOrder,
    ExecutionPolicy,
    Policy,
    Sizing,
)
from trading.market.domain.costs import SwapCosts
from trading.market.domain.instruments import NATIVE_COIN
from trading.treasury.domain.ledger import Account, AccountKind, Balances, Entry, balances

BARS = 12
PAIRS = ("AAA/USDT", "BBB/BTC")
PRICES = st.sampled_from([1e-15, 3.3e-12, 0.07, 100.0, 65_000.0])
FACTORS = st.sampled_from([0.4, 0.9, 1.0, 1.02, 1.3, 4.0])
VOLUMES = st.sampled_from([1e-6, 3.0, 1e6, 1e15])
SHAPES = st.lists(st.tuples(FACTORS, FACTORS, VOLUMES), min_size=BARS, max_size=BARS)
SCRIPTS = st.lists(st.sampled_from([0, 1, 1, -1]), min_size=BARS, max_size=BARS)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    execution = ExecutionPolicy(
        entry_order=draw(st.sampled_from(EntryOrder)),
        sizing=draw(st.sampled_from(Sizing)),
        taker_fee_bps=draw(st.sampled_from([0.0, 7.3, 1000.0])),
        maker_fee_bps=draw(st.sampled_from([0.0, 3.1, 1000.0])),
        slippage_bps=draw(st.sampled_from([0.0, 2.0])),
        participation_pct=draw(st.sampled_from([0.0, 10.0])),
        gas_per_swap_native=Decimal(draw(st.sampled_from(["0.00015", "0.2"]))),
    )
    risk = replace(
        EASY.risk, max_exposure_pct=1000.0, position_pct=100.0, risk_per_trade_pct=100.0,
        daily_loss_pct=100.0, max_drawdown_pct=100.0,
    )  # fmt: skip
    savings = replace(EASY.savings, min_closes=0, score_min=0.0, plan_fee_ratio=Decimal(0))
    return replace(EASY, execution=execution, risk=risk, savings=savings)


class Books:
    """The ledger of a run, held against every bot after every step."""

    def __init__(self, state: DeskState) -> None:
        self.entries: list[Entry] = opening_entries(state)
        self.holds(state)

    def __call__(self, out: StepOutput, state: DeskState) -> None:
        self.entries += out.entries
        self.holds(state)

    def holds(self, state: DeskState) -> None:
        found = balances(self.entries)
        for bot in state.bots:
            instrument = state.pairs[bot.spec.pair].instrument
            quote, base = instrument.pair.quote, instrument.pair.base
            kinds, place, index = AccountKind, place_of(instrument), bot.spec.index
            of = {kind: Account(kind, place, index) for kind in kinds}
            held = ZERO if bot.position is None else bot.position.quantity
            assert found.get((of[kinds.TRADING], quote), ZERO) == bot.cash
            assert found.get((of[kinds.SAVINGS], quote), ZERO) == bot.reserved
            assert found.get((of[kinds.TRADING], base), ZERO) == held
            if instrument.chain is not None:
                coin = NATIVE_COIN[instrument.chain]
                assert found.get((of[kinds.GAS], coin), ZERO) == bot.native_balance
        assert not any(in_all(found).values())
        refs = [(entry.kind, entry.ref) for entry in self.entries]
        assert len(set(refs)) == len(refs)


def in_all(found: Balances) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for (_, currency), amount in found.items():
        sums[currency] = total(sums.get(currency, ZERO), amount)
    return sums


def booked(
    script: list[int], shapes: list[tuple[float, float, float]], price: float, policy: Policy,
    *, is_pool: bool,
) -> tuple[Books, DeskState]:  # fmt: skip
    signals = {i: (action, 0.9, 0.9) for i, action in enumerate(script)}
    later = {i + 1: signal for i, signal in signals.items()}
    free = BotRules(EntryGates.SYSTEM, Sizing.ALL_IN)
    members = [
        Member(PAIRS[0], signals, "desk"),
        Member(PAIRS[0], later, "free", rules=free),
        Member(PAIRS[1], signals, "in btc", bankroll="0.02"),
    ]
    venue, swap = ("pulsex", SwapCosts(schedule())) if is_pool else ("test", None)
    state = desk_of(members, policy, venue=venue, swap=swap)
    bars = bars_after(calm_bars(price), shapes)
    usable = [bar for bar in bars if bar.low > 0 and bar.high < 1e15]
    books = Books(state)
    driver = run(state, [(pair, bar) for bar in usable for pair in PAIRS], books)
    end = driver.core.apply_end()
    books(end, driver.state)
    return books, driver.state


@given(SCRIPTS, SHAPES, PRICES, policies(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_what_a_bot_has_is_the_sum_of_its_entries(
    script: list[int], shapes: list[tuple[float, float, float]], price: float, policy: Policy,
    is_pool: bool,
) -> None:  # fmt: skip
    booked(script, shapes, price, policy, is_pool=is_pool)


def test_the_law_is_held_against_buying_selling_saving_and_gas() -> None:
    savings = replace(EASY.savings, min_closes=0, score_min=0.0, plan_fee_ratio=Decimal(0))
    shapes = [(1.0, 1.2, 1e15)] * BARS
    script = [1, 0, 0, -1, 0, 0, 1, 0, 0, -1, 0, 0]
    books, state = booked(script, shapes, 100.0, replace(EASY, savings=savings), is_pool=True)
    assert {entry.kind for entry in books.entries} == {"opening", "fill", "reservation"}
    moved = {posting.account.kind for entry in books.entries for posting in entry.postings}
    assert moved == set(AccountKind)
    assert any(bot.reserved for bot in state.bots)
