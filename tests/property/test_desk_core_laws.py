"""Laws of the whole core: no look-ahead, repeats change nothing, snapshots go on exactly."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.foreseen import foresee_from
from tests.integration.sessions.market import blueprint, series
from trading.desk.domain.decision.books import books_dump, books_load
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.services.journal.replay import bar_times
from trading.desk.services.sessions.blueprint import state_build
from trading.desk.services.sessions.snapshots import snapshot_load, snapshot_pack
from trading.market.domain.series.turns import BarTime

BARS = 460
SEEDS = st.integers(1, 40)
PLAN = blueprint()
SLOW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def fresh(times: list[BarTime]) -> DeskDriver:
    """Return a driver before its first bar, with the forecasts of all of them."""
    driver = DeskDriver(state_build(PLAN, session_key="law"))
    foresee_from(driver, PLAN, times)
    return driver


def run(driver: DeskDriver, times: list[BarTime]) -> list[bytes]:
    """Return every record of the run, in order."""
    records = []
    for time in times:
        out = driver.step(time.seq, time.bars)
        driver.send(out)
        records += [row.record for row in out.journal]
    return records


@SLOW
@given(seed=SEEDS, cut=st.integers(300, BARS - 1), data=st.data())
def test_cutting_the_future_changes_no_earlier_decision(seed: int, cut: int, data: Any) -> None:
    past = series(BARS, seed)
    other = series(BARS, data.draw(SEEDS.filter(lambda s: s != seed)))
    whole = list(bar_times(past))
    whole_records = run(fresh(whole), whole)
    cut_off = list(bar_times({p: b.slice(0, cut) for p, b in past.items()}))
    short = run(fresh(cut_off), cut_off)
    assert whole_records[: len(short)] == short
    # nor does another future after the cut
    times = whole[:cut] + list(bar_times(other))[cut:]
    assert run(fresh(times), times)[: len(short)] == short


@SLOW
@given(seed=SEEDS)
def test_reports_that_come_twice_or_late_change_nothing(seed: int) -> None:
    times = list(bar_times(series(BARS, seed)))
    calm, noisy = fresh(times), fresh(times)
    expected = run(calm, times)
    records, seen = [], []
    for time in times:
        out = noisy.step(time.seq, time.bars)
        noisy.send(out)
        records += [row.record for row in out.journal]
        seen += [report for _, report in out.order_events]
        for report in seen[-6:]:  # the venue repeats itself, in reverse order too
            assert not noisy.core.apply_reports([report, report]).has_effects
        for report in reversed(seen[-6:]):
            assert not noisy.core.apply_reports([report]).has_effects
    assert records == expected
    assert noisy.state.digest == calm.state.digest


@SLOW
@given(seed=SEEDS, cut=st.integers(1, BARS - 1))
def test_a_run_continued_from_books_and_memory_is_the_same_run(seed: int, cut: int) -> None:
    times = list(bar_times(series(BARS, seed)))
    driver = fresh(times)
    run(driver, times[:cut])
    data, checksum = snapshot_pack(driver.state)
    state = state_build(PLAN, session_key="law")
    snapshot_load(state, data, checksum)
    state.shelf = driver.state.shelf
    books_load(state, books_dump(driver.state))
    state.obey(driver.state.policy)
    resumed = DeskDriver(state)
    assert run(resumed, times[cut:]) == run(driver, times[cut:])
    assert snapshot_pack(resumed.state) == snapshot_pack(driver.state)
    assert books_dump(resumed.state) == books_dump(driver.state)


@SLOW
@given(seed=SEEDS)
def test_no_bot_ever_owes_cash_and_no_fills_exceed_their_order(seed: int) -> None:
    times = list(bar_times(series(BARS, seed)))
    driver = fresh(times)
    run(driver, times)
    for bot in driver.state.bots:
        assert bot.cash >= 0
        assert bot.reserved >= 0
        assert bot.position is None or bot.position.quantity > 0
        assert all(o.filled_quantity <= o.quantity for o in bot.orders.values())
