"""What people order while a session runs as fast as it goes counts from the very next bar.

The order is given from within the run, after a chosen bar was decided, so "next" is exact: nothing
of the session may come between the order and the input it becomes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from tests.integration.sessions.market import PAIRS, START, open_session, series
from tests.integration.sessions.running import run_to_end
from trading.base.domain.reasons import Outcome
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import BotRearm, Decision, DeskSession, Order, SessionFact
from trading.desk.services.config.overrides import config_rollback, override_set
from trading.desk.services.config.watching import REST_S
from trading.desk.services.control.orders import Act, order_give
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.opening import sessions_stop
from trading.desk.services.sessions.runner import RunEnd

pytestmark = pytest.mark.django_db(transaction=True)
CLOCK = FakeClock(int(START.timestamp() * 1000))
CONVICTION = "policy.signals.conviction_min"


class After:
    """Does things right after the bar time of chosen bars, counted from 1, was decided."""

    def __init__(self, deeds: dict[int, Callable[[], Any]]) -> None:
        self.deeds = deeds
        self.n = 0

    def __call__(self, point: str) -> None:
        if point == "stepped":
            self.n += len(PAIRS)
            for bar in range(self.n - len(PAIRS) + 1, self.n + 1):
                self.deeds.get(bar, lambda: None)()


def step_of(bar: int) -> int:
    """Return the last bar of the bar time of this one, which they count after."""
    return -(-bar // len(PAIRS)) * len(PAIRS)


def order(act: Act, scope: str = "desk", name: str = "", **more: Any) -> None:
    order_give(act=act, scope=scope, name=name, reason="test", actor="t", clock=CLOCK, **more)


def inputs(session: DeskSession) -> list[tuple[str, int]]:
    """Return what steered the session between its start and its end."""
    rows = SessionFact.objects.filter(session=session, n__gt=0).order_by("n")
    rows = rows.exclude(kind__in=(FactKind.END, FactKind.FORECASTS))
    return list(rows.values_list("kind", "after_seq"))


def is_verified(session: DeskSession) -> bool:
    report = session_verify(session_id=session.pk)
    return report.mismatches == 0 and report.is_digest_equal and report.checked > 0


@pytest.mark.parametrize("bar", [1, 455, 456, 731, 999])
def test_a_kill_and_its_lifting_count_from_the_next_bar(bar: int) -> None:
    session = open_session(series())
    deeds = {bar: lambda: order(Act.KILL), bar + 150: lambda: order(Act.UNKILL)}
    assert run_to_end(session.pk, hook=After(deeds)) is RunEnd.FINISHED
    state = FactKind.TRADING_STATE
    last, lifted = step_of(bar), step_of(bar + 150)
    assert inputs(session) == [(state, last), (state, lifted)]
    entries = Order.objects.filter(purpose="entry", created_seq__gt=last, created_seq__lte=lifted)
    assert not entries.exists()
    assert is_verified(session)


def test_several_orders_between_two_bars_each_count() -> None:
    session = open_session(series(450))

    def give() -> None:
        order(Act.KILL, "strategy", "momentum")
        order(Act.PAUSE)
        override_set(changes={CONVICTION: 0.9}, reason="test", author="t", clock=CLOCK)

    run_to_end(session.pk, hook=After({700: give}))
    kinds = FactKind
    assert inputs(session) == [(kinds.POLICY, 700), (kinds.TRADING_STATE, 700)]
    row = SessionFact.objects.get(session=session, kind=kinds.TRADING_STATE)
    states = row.payload["states"]
    by_strategy = {bot.strategy: states[str(bot.index)][0] for bot in session.bots.all()}
    assert by_strategy == {"breakout": 1, "momentum": 3, "reversal": 1}
    assert is_verified(session)


def test_a_policy_counts_from_the_next_bar_and_its_rollback_too() -> None:
    session = open_session(series(500))
    deeds = {
        640: lambda: override_set(
            changes={CONVICTION: 0.79}, reason="test", author="t", clock=CLOCK
        ),
        900: lambda: config_rollback(number=0, reason="test", author="t", clock=CLOCK),
    }
    run_to_end(session.pk, hook=After(deeds))
    assert inputs(session) == [(FactKind.POLICY, 640), (FactKind.POLICY, 900)]
    assert is_verified(session)


@pytest.mark.parametrize("bar", [3, 700])
def test_a_stop_ends_the_session_after_the_bar_at_hand(bar: int) -> None:
    session = open_session(series())
    deeds = {bar: lambda: sessions_stop(session_ids=[session.pk])}
    assert run_to_end(session.pk, hook=After(deeds)) is RunEnd.STOPPED
    session.refresh_from_db()
    assert (session.status, session.cursor_seq) == (DeskSession.Status.STOPPED, step_of(bar))
    assert is_verified(session)


def test_a_pause_takes_back_an_entry_that_was_ordered_on_the_bar_before() -> None:
    calm = open_session(series(), name="calm")
    run_to_end(calm.pk)
    first = Order.objects.filter(session=calm, purpose="entry").order_by("created_seq")[0]
    assert first.status == "filled"
    session = open_session(series(), name="paused")
    bar = int(first.created_seq)
    run_to_end(session.pk, hook=After({bar: lambda: order(Act.PAUSE)}))
    taken = Order.objects.get(session=session, purpose="entry")
    assert (taken.status, taken.created_seq, taken.filled_quantity) == ("cancelled", bar, 0)
    assert inputs(session) == [(FactKind.TRADING_STATE, bar)]
    assert is_verified(session)


def test_an_edited_file_counts_from_the_next_bar_once_it_has_rested(
    tmp_path: Path, settings: Settings
) -> None:
    folder = ConfigFolder(tmp_path)
    settings.CONFIG_PATH = folder.root
    session = open_session(series(400))
    strict = "policy: {signals: {conviction_min: 0.79}}\n"
    deeds: dict[int, Callable[[], Any]] = {
        690: lambda: folder.write("site.yaml", strict),
        691: lambda: time.sleep(REST_S + 0.1),
        720: lambda: folder.write("site.yaml", "policy: ["),
        721: lambda: time.sleep(REST_S + 0.1),
    }
    assert run_to_end(session.pk, hook=After(deeds)) is RunEnd.FINISHED
    assert inputs(session) == [(FactKind.POLICY, step_of(691))]
    assert is_verified(session)


def test_a_bot_stopped_by_its_drawdown_enters_again_from_the_bar_after_it_is_rearmed(
    tmp_path: Path, settings: Settings
) -> None:
    folder = ConfigFolder(tmp_path)
    folder.write("site.yaml", "policy: {risk: {max_drawdown_pct: 0.3}}\n")
    settings.CONFIG_PATH = folder.root
    session = open_session(series(900, seed=2))
    run_to_end(session.pk)
    stopped = Decision.objects.filter(bot__session=session, outcome=int(Outcome.DRAWDOWN_LIMIT))
    first = stopped.order_by("seq")[0]
    twin = open_session(series(900, seed=2), name="twin")
    bot = twin.bots.get(index=first.bot.index)

    def rearm() -> None:
        BotRearm.objects.create(
            bot=bot, drawdown_pct=0.3, reason="it is fine", actor="t", created_at=CLOCK.now()
        )

    run_to_end(twin.pk, hook=After({first.seq: rearm}))
    assert inputs(twin) == [(FactKind.REARM, first.seq)]
    row = SessionFact.objects.get(session=twin, kind=FactKind.REARM)
    assert row.payload["bots"] == [bot.index]
    mine = Order.objects.filter(bot=bot, purpose="entry", created_seq__gt=first.seq)
    before = Order.objects.filter(bot=first.bot, purpose="entry", created_seq__gt=first.seq)
    assert mine.count() > before.count()
    assert is_verified(twin)
