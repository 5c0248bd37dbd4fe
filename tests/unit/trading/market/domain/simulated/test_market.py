from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.bars import assert_possible
from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import Bar
from trading.market.domain.simulated.market import MarketState, Regime, SimulatedMarket
from trading.market.domain.simulated.noise import noise_key, normals, uniforms

PAIRS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
EPOCH = 1_735_689_600_000
STEP = 300_000


def market(seed: int = 7, pairs: tuple[str, ...] = PAIRS) -> SimulatedMarket:
    return SimulatedMarket(seed=seed, pairs=pairs, epoch_ms=EPOCH, step_ms=STEP)


def run(made: SimulatedMarket, n: int) -> tuple[list[MarketState], dict[str, list[Bar]]]:
    state, states = made.start(), []
    bars: dict[str, list[Bar]] = {pair: [] for pair in made.pairs}
    for _ in range(n):
        states.append(state)
        state, closed = made.step(state)
        for pair, bar in closed:
            bars[pair].append(bar)
    return states, bars


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), first=st.integers(0, 10**9))
def test_every_bar_is_possible_aligned_and_opens_where_the_last_one_closed(
    seed: int, first: int
) -> None:
    made = market(seed)
    state = made.start()
    state = MarketState(first, 0.1, Regime.CRASH, first, first + 10, state.own)
    last: dict[str, float] = {}
    for i in range(120):
        state, closed = made.step(state)
        for pair, bar in closed:
            assert_possible(bar, STEP)
            assert bar.open_time == EPOCH + (first + i) * STEP
            assert last.get(pair, bar.open) == bar.open
            last[pair] = bar.close


def test_the_market_goes_on_from_any_stored_state_bit_for_bit() -> None:
    made = market()
    states, bars = run(made, 400)
    for i in (0, 1, 150, 399):
        state = MarketState.load(json.loads(json.dumps(states[i].dump())))
        assert state == states[i]
        _, closed = market().step(state)
        assert closed == [(pair, bars[pair][i]) for pair in PAIRS]


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    assert run(market(), 50)[1] == run(market(), 50)[1]
    assert run(market(8), 50)[1] != run(market(), 50)[1]


def test_the_forming_bar_ends_in_the_closed_bar_and_never_shrinks() -> None:
    made = market()
    states, bars = run(made, 30)
    for i, state in enumerate(states):
        before: dict[str, Bar] = {}
        for step in range(1, 9):
            for pair, bar in made.forming(state, step / 8):
                assert_possible(bar, STEP)
                assert bar.open_time == bars[pair][i].open_time
                if pair in before:
                    assert bar.high >= before[pair].high
                    assert bar.low <= before[pair].low
                    assert bar.volume > before[pair].volume
                before[pair] = bar
        assert before == {pair: bars[pair][i] for pair in PAIRS}


def test_it_stays_near_its_start_for_weeks() -> None:
    _, bars = run(market(3, ("BTC/USDT",)), 12_000)
    closes = np.array([bar.close for bar in bars["BTC/USDT"]])
    assert closes.max() / closes[0] < 12
    assert closes.min() / closes[0] > 1 / 12


def test_every_regime_comes_and_a_crash_is_followed_by_a_recovery() -> None:
    states, _ = run(market(), 6000)
    regimes = [state.regime for state in states]
    assert set(regimes) == set(Regime)
    changes = [(a, b) for a, b in pairwise(regimes) if a != b]
    assert {b for a, b in changes if a is Regime.CRASH} == {Regime.RECOVERY}


def test_pairs_move_together_but_not_alike() -> None:
    _, bars = run(market(), 3000)
    returns = [np.diff(np.log([bar.close for bar in bars[pair]])) for pair in PAIRS]
    correlation = np.corrcoef(returns)
    off = correlation[~np.eye(3, dtype=bool)]
    assert off.min() > 0.35
    assert off.max() < 0.95


@pytest.mark.parametrize("seed", range(5))
def test_a_simple_trend_follower_wins_nine_per_cent_now_and_then(seed: int) -> None:
    _, bars = run(market(seed), 1500)
    wins = sum(_breakout_nets(bars[pair]).count(True) for pair in PAIRS)
    losses = sum(_breakout_nets(bars[pair]).count(False) for pair in PAIRS)
    assert wins >= 1
    assert losses > wins


def _breakout_nets(bars: list[Bar]) -> list[bool]:
    """Return for every trade of a 36-bar breakout with a 4 ATR trail whether it made over 9 %."""
    entry = trail = top = 0.0
    nets: list[bool] = []
    for i in range(40, len(bars)):
        if not entry:
            if bars[i].close > max(bar.high for bar in bars[i - 36 : i]):
                entry = top = bars[i].close
                trail = 4 * float(np.mean([bar.high - bar.low for bar in bars[i - 14 : i]]))
        elif bars[i].low <= top - trail:
            nets.append((top - trail) / entry - 1.0024 > 0.09)
            entry = 0.0
        top = max(top, bars[i].high)
    return nets


def test_a_state_of_other_pairs_is_refused() -> None:
    with pytest.raises(InvariantError, match="3 pairs"):
        market(pairs=("BTC/USDT",)).step(market().start())


def test_draws_are_uniform_independent_of_order_and_of_each_other() -> None:
    key = noise_key(1, "a")
    draws = np.concatenate([uniforms(key, i, 8) for i in range(20_000)])
    assert ((draws > 0) & (draws < 1)).all()
    assert np.histogram(draws, 20, (0, 1))[0] == pytest.approx(8000, rel=0.05)
    assert len(np.unique(draws)) == len(draws)
    assert np.array_equal(uniforms(key, 5, 3), uniforms(key, 5, 8)[:3])
    assert noise_key(1, "a", "b") != noise_key(1, "ab")


def test_normal_draws_have_the_normal_moments() -> None:
    key = noise_key(2, "n")
    draws = np.concatenate([normals(key, i, 25) for i in range(8000)])
    assert draws.mean() == pytest.approx(0, abs=0.01)
    assert draws.std() == pytest.approx(1, abs=0.01)
    assert (np.abs(draws) > 1.96).mean() == pytest.approx(0.05, abs=0.003)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), first=st.integers(0, 10**9), n=st.integers(1, 300))
def test_many_bars_at_once_are_the_bars_of_single_steps_to_the_last_bit(
    seed: int, first: int, n: int
) -> None:
    made = market(seed)
    begun = MarketState(first, 0.1, Regime.CRASH, first, first + 10, made.start().own)
    after, values = made.block(begun, n)
    state = begun
    for i in range(n):
        state, closed = made.step(state)
        for of_pair, (_, bar) in zip(values, closed, strict=True):
            assert tuple(of_pair[:, i]) == bar[1:6]
    assert after == state
