"""An installed bot goes on exactly from a snapshot, and hears every report once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.sessions.market import series
from tests.oracles.desk_parity import entries_of
from tests.oracles.paths import schedule
from trading.desk.domain.config import BotsConfig, DeskConfig, InstalledBot
from trading.desk.domain.decision.books import books_dump, books_load
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.policy import Policy
from trading.desk.services.journal.replay import bar_times
from trading.desk.services.sessions.blueprint import ghost_blueprint_make, state_build
from trading.desk.services.sessions.snapshots import snapshot_load, snapshot_pack
from trading.market.domain.bars import Bar
from trading.treasury.domain.policy import SavingsPolicy

BARS, PAIR = 400, "AAA/USDT"
SEEDS = st.integers(1, 40)
FEW = settings(max_examples=10, deadline=None)


def plan() -> dict[str, Any]:
    bot = InstalledBot(
        venue="bybit", pair=PAIR, strategy="donchian_champion",
        params={"entry_days": 0.03, "exit_days": 0.02, "ema_exit_days": 0.03},
    )  # fmt: skip
    config = DeskConfig(bots=BotsConfig(installed={"mine": bot}))
    made = ghost_blueprint_make(
        config=config, name="mine", swap_cost_entries=entries_of(schedule()), warm_through_seq=50
    )
    return dict(json.loads(json.dumps(made)))


PLAN = plan()


def fresh() -> DeskDriver:
    return DeskDriver(state_build(PLAN, session_key="law"))


def bars_of(seed: int) -> list[Bar]:
    return [bar for time in bar_times(series(BARS, seed, (PAIR,))) for _, bar in time.bars]


def run(driver: DeskDriver, bars: list[Bar], first: int = 1) -> list[bytes]:
    records = []
    for seq, bar in enumerate(bars, start=first):
        out = driver.step(seq, [(PAIR, bar)])
        driver.send(out)
        records += [row.record for row in out.journal]
    return records


@FEW
@given(seed=SEEDS, cut=st.integers(1, BARS - 1))
def test_a_run_continued_from_books_and_memory_is_the_same_run(seed: int, cut: int) -> None:
    bars, driver = bars_of(seed), fresh()
    run(driver, bars[:cut])
    driver.core.apply_policy(Policy(savings=SavingsPolicy(min_closes=1)))
    data, checksum = snapshot_pack(driver.state)
    state = state_build(PLAN, session_key="law")
    snapshot_load(state, data, checksum)
    books_load(state, books_dump(driver.state))
    state.obey(driver.state.policy)
    assert state.bots[0].policy == driver.state.bots[0].policy
    resumed = DeskDriver(state)
    assert run(resumed, bars[cut:], cut + 1) == run(driver, bars[cut:], cut + 1)
    assert snapshot_pack(resumed.state) == snapshot_pack(driver.state)
    assert books_dump(resumed.state) == books_dump(driver.state)


@FEW
@given(seed=SEEDS)
def test_reports_that_come_twice_or_late_change_nothing(seed: int) -> None:
    calm, noisy = fresh(), fresh()
    bars = bars_of(seed)
    expected, records, seen = run(calm, bars), [], []
    for seq, bar in enumerate(bars, start=1):
        out = noisy.step(seq, [(PAIR, bar)])
        noisy.send(out)
        records += [row.record for row in out.journal]
        seen += [report for _, report in out.order_events]
        for report in (*seen[-6:], *reversed(seen[-6:])):
            assert not noisy.core.apply_reports([report]).has_effects
    assert records == expected
    assert calm.state.bots[0].n_round_trips > 0


@FEW
@given(seed=SEEDS)
def test_it_spends_all_it_has_and_never_owes(seed: int) -> None:
    driver = fresh()
    bot = driver.state.bots[0]
    for seq, bar in enumerate(bars_of(seed), start=1):
        driver.send(driver.step(seq, [(PAIR, bar)]))
        assert bot.cash >= 0
        assert bot.stop is None
        if bot.position is not None:
            assert bot.cash < 1e-12


def test_the_desks_stops_and_venue_fees_can_be_asked_for() -> None:
    installed = InstalledBot(venue="bybit", pair=PAIR, strategy="donchian_champion")
    guarded = replace(installed, is_stopped=True)
    assert guarded.rules.applied(Policy()).stops.enabled
    assert not installed.rules.applied(Policy()).stops.enabled
