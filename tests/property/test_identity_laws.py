"""No outcome depends on an id, an index, a row number or a name's spelling."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.crowd import EASY, Member, bars_after, calm_bars, desk_of, run
from tests.integration.sessions.market import blueprint, series
from trading.desk.domain.config import BotsConfig, DeskConfig
from trading.desk.domain.decision.money_lines import money_lines
from trading.desk.domain.policy import (
    EntryOrder,
    ExecutionPolicy,
    Policy,
    RiskPolicy,
    SchedulingPolicy,
)
from trading.desk.services.journal.replay import ReplayReport, bar_times, replay_run
from trading.learning.domain.policy import ForecastPolicy
from trading.market.domain.bars import Bar, BarArrays
from trading.market.domain.series.turns import turn_key, turn_order
from trading.signals.domain.policy import SignalPolicy
from trading.treasury.domain.policy import SavingsPolicy

BARS = 10
NAMES = ("AAA/USDT", "MMM/USDT", "ZZZ/USDT")
SIGNALS = st.tuples(
    st.sampled_from([0, 1, 1, -1]), st.sampled_from([0.9, 1.0]), st.sampled_from([0.8, 1.0])
)
SHAPES = st.tuples(
    st.sampled_from([0.97, 1.0, 1.05]),
    st.sampled_from([0.96, 0.99, 1.0, 1.06]),
    st.sampled_from([0.0, 3.0, 17.0, 40.0, 1e9]),
)
POLICY = replace(
    EASY,
    risk=replace(EASY.risk, max_open_positions=4, max_exposure_pct=60.0),
    scheduling=replace(EASY.scheduling, seats_per_bar=2),
    savings=SavingsPolicy(min_closes=1, score_min=0.0, window=5, plan_fee_ratio=Decimal(0)),
)


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[Member], dict[str, list[Bar]]]:
    members, market = [], {}
    # no two pairs have one price: bars equal in every figure are left as they come
    for pair, price in zip(NAMES, draw(st.permutations([89.3, 100.0, 113.7])), strict=True):
        market[pair] = bars_after(
            calm_bars(price),
            draw(st.lists(SHAPES, min_size=BARS, max_size=BARS)),
        )
        for k in range(draw(st.integers(1, 3))):
            script = dict(enumerate(draw(st.lists(SIGNALS, min_size=BARS, max_size=BARS))))
            members.append(Member(pair, script, f"bot{k}"))
    return members, market


def outcome(
    members: list[Member], market: dict[str, list[Bar]], policy: Policy, key: str
) -> tuple[bytes, list[str]]:
    """Return the digest of a run to its end, and every line of money in it."""
    lines: list[str] = []
    bars = sorted(
        ((pair, bar) for pair, rows in market.items() for bar in rows),
        key=lambda row: turn_key(row[1]),
    )
    driver = run(
        desk_of(members, policy, key=key), bars, lambda out, _s: lines.extend(money_lines(out))
    )
    lines += money_lines(driver.core.apply_end())
    return driver.state.digest, sorted(lines)


@given(crowds(), st.permutations(NAMES), st.randoms(), st.sampled_from(EntryOrder), st.text())
@settings(max_examples=60, deadline=None)
def test_names_indexes_and_the_sessions_key_change_no_outcome(
    crowd: tuple[list[Member], dict[str, list[Bar]]],
    names: list[str],
    random: object,
    entry: EntryOrder,
    key: str,
) -> None:
    members, market = crowd
    policy = replace(POLICY, execution=replace(POLICY.execution, entry_order=entry))
    renamed = dict(zip(NAMES, names, strict=True))
    others = [replace(m, pair=renamed[m.pair], name=f"x{m.name}") for m in members]
    random.shuffle(others)  # type: ignore[attr-defined]
    moved = {renamed[pair]: market[pair] for pair in reversed(NAMES)}
    assert outcome(members, market, policy, "s1") == outcome(others, moved, policy, key)


@given(st.lists(st.tuples(*[st.floats(0.5, 2.0)] * 5), min_size=1, max_size=12), st.randoms())
def test_bars_have_one_order_whether_one_by_one_or_as_columns(
    rows: list[tuple[float, ...]], random: object
) -> None:
    bars = [Bar(300_000 * (i // 4), o, max(o, c, h), min(o, c, low), c, v)
            for i, (o, h, low, c, v) in enumerate(rows)]  # fmt: skip
    random.shuffle(bars)  # type: ignore[attr-defined]
    times = np.array([bar.open_time for bar in bars])
    values = np.array([bar[1:6] for bar in bars]).T
    assert [bars[i] for i in turn_order(times, values)] == sorted(bars, key=turn_key)


def test_the_bar_that_ranged_widest_is_decided_on_first_whatever_its_unit() -> None:
    wide = Bar(0, 100.0, 104.0, 99.0, 101.0, 1.0)
    calm = Bar(0, 100.0, 102.0, 99.0, 101.0, 1e9)
    scaled = Bar(0, *(price * 2.0**-20 for price in calm[1:5]), 1e9)
    assert sorted([calm, wide], key=turn_key) == [wide, calm]
    assert sorted([scaled, wide], key=turn_key) == [wide, scaled]


def thin(bars: BarArrays, share: float) -> BarArrays:
    """Return the bars with a share of their volume."""
    values = bars.values.copy()
    values[4] *= share
    return BarArrays(bars.open_time, values, bars.flags)


def figures(bankroll: int, volume: float, seed: int, key: str, strategies: int) -> ReplayReport:
    """Return a replay with the desk's own strategies in that order of listing."""
    names = ("breakout", "momentum", "reversal")
    listed = names[strategies:] + names[:strategies]
    config = DeskConfig(
        bots=BotsConfig(strategies=listed, bankroll=Decimal(bankroll)),
        policy=Policy(
            savings=SavingsPolicy(min_closes=1, score_min=0.0, plan_fee_ratio=Decimal(0)),
            execution=ExecutionPolicy(taker_fee_bps=1.0),
            forecast=ForecastPolicy(p_up_min=0.0),
            signals=SignalPolicy(score_min=0.0, conviction_min=0.0),
            scheduling=SchedulingPolicy(edge_cost_multiple=0.0, seats_per_bar=1),
            risk=RiskPolicy(max_open_positions=4, max_exposure_pct=60.0),
        ),
    )
    market = {
        p: thin(b, volume)
        for p, b in series(700, seed, ("AAA/USDT", "BBB/USDT", "CCC/USDT")).items()
    }
    plan = blueprint(tuple(market), config)
    return replay_run(blueprint=plan, series=market, session_key=key)


@pytest.mark.parametrize("bankroll", [1_000, 10_000, 100_000])
def test_session_keys_and_the_order_of_strategies_change_no_figure(bankroll: int) -> None:
    wanted = figures(bankroll, 0.05, 3, "s1", 0)
    assert wanted.round_trips > 5
    for k in (1, 2):
        assert figures(bankroll, 0.05, 3, f"s{k + 1}", k) == wanted


@pytest.mark.proof
@pytest.mark.parametrize("bankroll", [1_000, 10_000, 100_000])
@pytest.mark.parametrize("volume", [0.002, 0.05, 1.0])
def test_twenty_session_keys_give_one_digest_with_its_money(bankroll: int, volume: float) -> None:
    for seed in (1, 2):
        wanted = figures(bankroll, volume, seed, "s0", 0)
        for k in range(1, 20):
            assert figures(bankroll, volume, seed, f"s{k}", k % 3) == wanted


def test_the_digest_holds_the_money() -> None:
    one, other = (figures(1_000, volume, 3, "s1", 0) for volume in (1.0, 0.9))
    assert one.digest != other.digest
    times = [time.open_time for time in bar_times(series(3))]
    assert times == sorted(set(times))
