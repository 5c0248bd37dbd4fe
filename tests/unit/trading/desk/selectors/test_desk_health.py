"""Which sessions are the desk, how fresh its feeds are, and what stops it from trading."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories as make
from trading.base.domain.reasons import Outcome, TradingState
from trading.desk.models import DeskSession
from trading.desk.selectors.bots import bot_list
from trading.desk.selectors.feeds import feed_get, feed_list, mark_prices, market_now
from trading.desk.selectors.health import session_list
from trading.desk.selectors.overview import (
    BLOCKED,
    OK,
    WARNING,
    CheckLine,
    checklist,
    controls_in_force,
    desk_control,
    mode_badge,
)
from trading.market.models import Feed

pytestmark = pytest.mark.django_db
NOW = make.NOW


def lines(seconds_later: float = 0) -> dict[str, CheckLine]:
    now = NOW + timedelta(seconds=seconds_later)
    sessions = session_list(now)
    bots = bot_list([s.id for s in sessions])
    return {line.key: line for line in checklist(sessions, feed_list(now, sessions), bots)}


def working_desk() -> DeskSession:
    session = make.session(make.feed())
    make.bot(session, last_outcome=int(Outcome.NO_TRIGGER))
    make.bot(session, "ETH/USDT", last_outcome=int(Outcome.HOLDING))
    return session


def test_a_working_desk_has_nothing_in_its_way() -> None:
    working_desk()
    assert {line.status for line in lines().values()} == {OK}


def test_without_anything_every_reason_is_named() -> None:
    found = lines()
    assert found["market"].sentence == "No feed is running: no bar can arrive."
    assert found["sessions"].status == BLOCKED
    assert found["warm"].sentence == "The desk has no bots."


def test_a_feed_past_its_budget_blocks_with_age_and_budget() -> None:
    working_desk()  # one bar a second: 3 bars and 10 s of grace
    assert lines(13)["market"].status == OK
    line = lines(14)["market"]
    assert line.status == BLOCKED
    assert "14\u202fs old, budget 13\u202fs" in line.sentence


def test_a_bar_written_after_the_look_at_the_clock_is_no_seconds_old() -> None:
    feed = make.feed()
    assert feed_get(feed.pk, NOW - timedelta(seconds=1)).age_s == 0  # type: ignore[union-attr]


def test_a_feed_of_a_venue_may_be_as_old_as_its_bars_are_long() -> None:
    feed = make.feed(kind="ccxt", params={}, is_simulated=False)
    assert feed_get(feed.pk, NOW).budget_s == 600  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"status": "finished"}, "has reached its last candle"),
        ({"status": "failed", "status_reason": "the venue refused"}, "failed: the venue refused"),
        ({"last_bar_at": None}, "the last bar never came"),
    ],
)
def test_a_feed_that_brings_nothing_says_why(values: dict[str, object], expected: str) -> None:
    working_desk()
    Feed.objects.update(**values)
    assert lines()["market"].status == BLOCKED
    assert expected in lines()["market"].sentence


def test_a_session_whose_worker_fell_silent_blocks() -> None:
    working_desk()
    assert "last heard 31\u202fs ago" in lines(30)["sessions"].sentence


def test_a_failed_session_gives_its_reason() -> None:
    session = working_desk()
    DeskSession.objects.filter(pk=session.pk).update(status="failed", status_reason="digest broke")
    assert lines()["sessions"].sentence == f"Session {session.pk} is failed: digest broke."


def test_pausing_the_desk_blocks_and_pausing_one_strategy_warns() -> None:
    working_desk()
    make.control(TradingState.PAUSED, scope="strategy", name="breakout")
    assert lines()["state"].status == WARNING
    make.control(TradingState.PAUSED)
    line = lines()["state"]
    assert line.status == BLOCKED
    assert (
        "The desk is paused, exits only: “news at noon” (olga). 1 more in force." in line.sentence
    )


def test_the_newest_order_of_a_scope_is_in_force() -> None:
    make.control(TradingState.HALTED)
    make.control(TradingState.ACTIVE)
    assert controls_in_force() == ()
    assert desk_control().state is TradingState.ACTIVE  # type: ignore[union-attr]


def test_limits_that_stop_some_bots_warn_and_all_bots_block() -> None:
    session = working_desk()
    session.bots.filter(index=0).update(last_outcome=int(Outcome.DRAWDOWN_LIMIT))
    assert lines()["risk"].status == WARNING
    assert "1 of 2 bots stopped" in lines()["risk"].sentence
    session.bots.update(last_outcome=int(Outcome.MAX_POSITIONS))
    assert lines()["risk"].status == BLOCKED


def test_cold_bots_are_counted() -> None:
    session = working_desk()
    session.bots.filter(index=0).update(last_outcome=int(Outcome.WARMING_UP))
    assert lines()["warm"].sentence == "1 of 2 bots gather history."


def test_an_order_in_an_unknown_state_warns() -> None:
    session = working_desk()
    make.order(session.bots.first(), status="unknown")  # type: ignore[arg-type]
    assert lines()["orders"].status == WARNING


def test_wanted_sessions_are_the_desk_and_without_one_the_newest_is_shown() -> None:
    feed = make.feed()
    old, new = make.session(feed, is_wanted=False), make.session(feed, is_wanted=False)
    make.session(feed, mode="backtest")
    assert [s.id for s in session_list(NOW)] == [new.pk]
    DeskSession.objects.filter(pk=old.pk).update(is_wanted=True)
    assert [s.id for s in session_list(NOW)] == [old.pk]


@pytest.mark.parametrize(
    ("mode", "feed_values", "word", "note"),
    [
        ("ghost", {}, "SIMULATED", "Its clock runs 300 × as fast"),
        ("live", {}, "LIVE", "real money"),
        ("ghost", {"is_simulated": False, "kind": "replay"}, "GHOST", "replayed"),
        ("ghost", {"is_simulated": False, "kind": "ccxt"}, "GHOST", "Real prices"),
    ],
)
def test_the_mode_says_whose_money_and_which_market(
    mode: str, feed_values: dict[str, object], word: str, note: str
) -> None:
    make.session(make.feed(**feed_values), mode=mode)
    sessions = session_list(NOW)
    badge = mode_badge(sessions, feed_list(NOW, sessions))
    assert badge.word == word
    assert note in badge.note


def test_without_a_session_the_desk_is_idle() -> None:
    assert mode_badge((), ()).code == "idle"


def test_the_market_clock_is_the_close_of_the_newest_bar() -> None:
    feed = make.feed()
    make.bars(feed, "BTC/USDT", [100, 101, 102])
    make.bars(feed, "ETH/USDT", [10, 11, 12])
    make.session(feed)
    feeds = feed_list(NOW, session_list(NOW))
    assert market_now(feeds) == make.START_MS + 3 * 300_000
    assert mark_prices(feeds) == {(feed.pk, "BTC/USDT"): 102, (feed.pk, "ETH/USDT"): 12}
