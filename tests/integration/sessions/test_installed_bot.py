"""A bot installed in a running market warms up, trades as evaluated and survives crashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from optimizer.domain.evaluator.evaluator import Evaluator, FillModel
from optimizer.domain.evaluator.trades import Trade, trades_of
from optimizer.domain.features.market import Span
from optimizer.domain.systems import SYSTEMS
from tests.fakes.candles import MemoryCandleStore
from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from tests.integration.sessions.market import START, STEP_MS, publish, random_walk
from tests.integration.sessions.running import run_to_end
from tests.oracles.desk_parity import entries_of
from tests.oracles.paths import schedule
from trading.base.domain.reasons import ExitReason, Outcome
from trading.desk.models import (
    Decision,
    DeskSession,
    Fill,
    Order,
    RoundTrip,
    SavingsCheckpoint,
    SessionLease,
)
from trading.desk.services.bots.installing import BotAsked, bot_install
from trading.desk.services.config.overrides import override_set
from trading.desk.services.control.orders import Act, order_give
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.runner import RunEnd
from trading.market.domain.bars import BarArrays
from trading.market.models import Feed

pytestmark = pytest.mark.django_db(transaction=True)
CLOCK, PAIR = FakeClock(), "AAA/USDT"
WARM, ALL = 300, 1200
PARAMS = {"entry_days": 0.05, "exit_days": 0.03, "ema_exit_days": 0.05}


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, settings: Settings) -> None:
    """Point the desk at a configuration of the test's own."""
    settings.CONFIG_PATH = ConfigFolder(tmp_path).root


def installed_on(
    bars: BarArrays, strategy: str = "donchian_champion", params: dict[str, float] = PARAMS
) -> DeskSession:
    """Install the bot after the first bars were published, then publish the rest."""
    feed = Feed.objects.create(
        name="test", kind="replay", venue="bybit", timeframe="5m", pairs=[PAIR], created_at=START
    )
    publish(feed, {PAIR: bars.slice(0, WARM)}, is_finished=False)
    asked: BotAsked = {
        "name": "trial-7", "strategy": strategy, "params": params, "venue": "bybit",
        "pair": PAIR, "timeframe": "5m", "trade_size": 1000, "by": "olga", "why": "a test",
    }  # fmt: skip
    made = bot_install(
        asked, store=MemoryCandleStore(), swap_cost_entries=entries_of(schedule()), clock=CLOCK
    )
    publish(feed, {PAIR: bars.slice(WARM, ALL)})
    return DeskSession.objects.get(pk=made.session_id)


def evaluated(bars: BarArrays) -> tuple[Trade, ...]:
    evaluator = Evaluator(bars, step_ms=STEP_MS, costs=schedule())
    system, span = SYSTEMS["donchian_champion"], Span(WARM, ALL)
    signals = evaluator.signals(system, system.strategy.resolve(PARAMS), span, WARM)
    _, rows = evaluator.run(signals, span, 1000.0, FillModel.NEXT_OPEN)
    return trades_of(rows, 0)


def test_its_stored_round_trips_are_the_evaluators_trades() -> None:
    bars = random_walk(ALL, 5)
    session = installed_on(bars)
    assert run_to_end(session.pk) is RunEnd.FINISHED
    stored = list(RoundTrip.objects.filter(session=session).order_by("pk"))
    trades = evaluated(bars)
    assert len(stored) > 5
    assert len(stored) == len(trades)  # both sell what is open at the last close
    assert not SavingsCheckpoint.objects.filter(is_accepted=True).exists()
    number = {time: i for i, time in enumerate(bars.open_time.tolist())}
    number[int(bars.open_time[-1]) + 300_000] = len(bars) - 1
    for row, trade in zip(stored, trades, strict=True):
        assert (number[row.entry_time], number[row.exit_time]) == (
            trade.entry_index,
            trade.exit_index,
        )
        paid = trade.cost_buy_quote + trade.cost_sell_quote
        gained = trade.proceeds_quote - trade.notional_committed_quote
        found = [float(x) for x in (row.entry_price, row.exit_price, row.fees, row.realised_pnl)]
        wanted = [trade.entry_price, trade.exit_price, paid, gained]
        assert found == pytest.approx(wanted, rel=1e-9)


def test_no_order_comes_from_bars_before_the_installation() -> None:
    bars = random_walk(ALL, 5)
    session = installed_on(bars)
    run_to_end(session.pk)
    first = Order.objects.filter(session=session).order_by("pk")[0]
    assert first.created_seq > WARM
    assert first.spend == 1000
    warm = Decision.objects.filter(bot__session=session, seq__lte=WARM)
    assert warm.count() == WARM
    assert set(warm.values_list("outcome", flat=True)) <= {0, 1, 12}  # warming up, no signal


def test_every_decision_can_be_recomputed() -> None:
    session = installed_on(random_walk(ALL, 5))
    run_to_end(session.pk)
    report = session_verify(session_id=session.pk)
    assert (report.checked, report.mismatches, report.is_digest_equal) == (ALL, 0, True)


class CrashError(RuntimeError):
    """Stops a run in its middle."""


def test_a_crash_between_ordering_an_amount_and_its_fill_changes_nothing() -> None:
    bars = random_walk(ALL, 5)
    calls: dict[str, int] = {}

    def stop_at(point: str) -> None:
        calls[point] = calls.get(point, 0) + 1
        if point in {"submitted", "filling"} and calls[point] in {1, 2, 3, 5, 8, 13}:
            raise CrashError

    session = installed_on(bars)
    crashes = 0
    while True:
        end = run_to_end(session.pk, hook=stop_at)
        if end is not RunEnd.BROKE_OFF:
            break
        crashes += 1
        SessionLease.objects.filter(session=session).update(expires_at=None)
        DeskSession.objects.filter(pk=session.pk).update(n_failures=0)  # the worker's, not its own
    assert end is RunEnd.FINISHED
    assert crashes >= 8
    trades = evaluated(bars)
    stored = list(RoundTrip.objects.order_by("pk").values_list("exit_price", flat=True))
    assert [float(price) for price in stored] == pytest.approx(
        [trade.exit_price for trade in trades], rel=1e-9
    )
    assert Fill.objects.count() == 2 * len(trades)


def test_the_desks_own_gates_do_not_stand_in_its_way() -> None:
    strict: dict[str, Any] = {
        "policy": {
            "signals": {"conviction_min": 1, "gap_cooldown_bars": 500},
            "forecast": {"p_up_min": 1},
            "scheduling": {"cooldown_bars": 500, "edge_cost_multiple": 90},
            "risk": {"max_exposure_pct": 1, "daily_loss_pct": 0.1, "max_drawdown_pct": 0.1},
        }
    }
    override_set(changes=strict, reason="strict", author="olga", clock=CLOCK)
    bars = random_walk(ALL, 5)
    session = installed_on(bars)
    run_to_end(session.pk)
    stored = RoundTrip.objects.filter(session=session).count()
    assert stored == len(evaluated(bars))


def test_the_operator_does() -> None:
    session = installed_on(random_walk(ALL, 5))
    order_give(
        act=Act.PAUSE, scope="strategy", name="donchian_champion",
        reason="a test", actor="olga", clock=CLOCK,
    )  # fmt: skip
    run_to_end(session.pk)
    assert not Order.objects.exists()
    assert Decision.objects.filter(outcome=Outcome.DESK_PAUSED).count() > 5


def test_a_hold_buys_the_first_bar_after_its_installation() -> None:
    bars = random_walk(ALL, 5)
    session = installed_on(bars, "passive_hold", {})
    assert run_to_end(session.pk) is RunEnd.FINISHED
    bought, sold = Fill.objects.order_by("pk")
    assert bought.event_time == bars.open_time[WARM + 1]
    assert sold.event_time == bars.open_time[-1] + 300_000  # the session's end books it
    assert RoundTrip.objects.get().exit_reason == ExitReason.END_OF_DATA
    assert Decision.objects.count() == ALL - WARM
    report = session_verify(session_id=session.pk)
    assert (report.checked, report.mismatches, report.is_digest_equal) == (ALL - WARM, 0, True)
