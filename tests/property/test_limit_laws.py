"""No entry is ordered beyond a limit, however many bots and pairs ask at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.crowd import EASY, STEP_MS, Member, bars_after, calm_bars, desk_of, run
from trading.base.domain.reasons import Outcome
from trading.desk.domain.decision.output import StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.execution.orders import OrderPurpose
from trading.desk.domain.policy import BotRules, EntryGates, EntryOrder, Policy, Sizing
from trading.market.domain.bars import Bar

PAIRS = ("AAA/USDT", "BBB/USDT", "CCC/USDT")
BARS = 8
SIGNALS = st.tuples(
    st.sampled_from([0, 1, 1, -1]), st.sampled_from([0.9, 1.0]), st.sampled_from([0.8, 0.9, 1.0])
)
SHAPES = st.tuples(
    st.sampled_from([0.95, 1.0, 1.05]), st.sampled_from([0.97, 1.0, 1.04]),
    st.sampled_from([1.0, 40.0, 1e9]),
)  # fmt: skip
RULES = st.sampled_from([BotRules(), BotRules(), BotRules(EntryGates.SYSTEM, Sizing.ALL_IN)])


@st.composite
def members(draw: st.DrawFn) -> list[Member]:
    found = []
    for pair in PAIRS:
        for k in range(draw(st.integers(1, 4))):
            script = dict(enumerate(draw(st.lists(SIGNALS, min_size=BARS, max_size=BARS))))
            found.append(Member(pair, script, f"bot{k}", rules=draw(RULES)))
    return found


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    risk = replace(
        EASY.risk,
        max_open_positions=draw(st.integers(1, 7)),
        max_exposure_pct=draw(st.sampled_from([5.0, 20.0, 60.0, 1000.0])),
        daily_loss_pct=100.0, max_drawdown_pct=100.0, loss_streak=1000,
    )  # fmt: skip
    seats = replace(EASY.scheduling, seats_per_bar=draw(st.integers(1, 6)))
    execution = replace(EASY.execution, entry_order=draw(st.sampled_from(EntryOrder)))
    return replace(EASY, risk=risk, scheduling=seats, execution=execution)


def bars_of(draw: st.DataObject) -> list[tuple[str, Bar]]:
    """Return the bars of all pairs in time, now and then one that comes a bar late."""
    shapes = st.lists(SHAPES, min_size=BARS, max_size=BARS)
    series = {pair: bars_after(calm_bars(), draw.draw(shapes)) for pair in PAIRS}
    late = draw.draw(st.sampled_from([0, 0, STEP_MS]))
    rows = [(pair, bar) for pair, bars in series.items() for bar in bars]
    return sorted(rows, key=lambda row: row[1].open_time + late * (row[0] == PAIRS[1]))


def is_held_to_limits(state: DeskState, index: int) -> bool:
    return state.bots[index].spec.rules.gates is EntryGates.DESK


class Watch:
    """Looks at the desk right after each step."""

    def __init__(self) -> None:
        self.entries = Counter[int]()
        self.ordered = 0

    def __call__(self, out: StepOutput, state: DeskState) -> None:
        new = [row.bot_index for row in out.journal if row.outcome == Outcome.ENTRY_ORDERED]
        mine = [index for index in new if is_held_to_limits(state, index)]
        if not mine:
            return
        risk, held, exposure = state.policy.risk, 0, 0.0
        for bot in state.bots:
            entry = bot.working(OrderPurpose.ENTRY)
            quantity = float(bot.position.quantity) if bot.position else 0.0
            quantity += float(entry.remaining) if entry else 0.0
            held += quantity > 0
            exposure += quantity * state.pairs[bot.spec.pair].last_close
        assert held <= risk.max_open_positions
        equity = sum(bot.equity for bot in state.bots)
        assert exposure <= equity * risk.max_exposure_pct / 100 * (1 + 1e-9)
        self.entries[out.bar_time] += len(mine)
        assert self.entries[out.bar_time] <= state.policy.scheduling.seats_per_bar
        self.ordered += len(mine)


@given(members(), policies(), st.data())
@settings(max_examples=60, deadline=None)
def test_no_limit_is_exceeded_when_an_entry_is_ordered(
    crowd: list[Member], policy: Policy, data: st.DataObject
) -> None:
    run(desk_of(crowd, policy), bars_of(data), Watch())


def test_the_law_above_sees_orders_that_fill_every_limit() -> None:
    crowd = [
        Member(pair, {1: (1, strength, confidence)}, f"bot{confidence}")
        for pair, strength in zip(PAIRS, (0.9, 0.91, 0.92), strict=True)  # equals stand together
        for confidence in (0.6, 0.7, 0.8)
    ]
    risk, watch = replace(EASY.risk, max_open_positions=4, max_exposure_pct=1000.0), Watch()
    bars = [(pair, bar) for bar in bars_after(calm_bars(), [(1.0, 1.0, 1e9)] * 4) for pair in PAIRS]
    run(desk_of(crowd, replace(EASY, risk=risk)), bars, watch)
    assert watch.ordered == 4
