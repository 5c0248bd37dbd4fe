"""A followed venue is judged by the market's own times, pair by pair."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import factories as make
from trading.desk.domain.decision.facts import FactKind
from trading.desk.models import SessionFact
from trading.desk.selectors.feeds import FeedView, feed_get
from trading.desk.selectors.sentences import stale_sentence
from trading.market.models import Feed, FeedPair
from trading.market.ports.feeds import PairState

pytestmark = pytest.mark.django_db
NOW = make.NOW
NOW_MS = int(NOW.timestamp() * 1000)
STEP_MS = 300_000


def live_feed(**changes: Any) -> Feed:
    values = {"kind": "ccxt", "params": {}, "is_simulated": False, "clock_skew_ms": 0.0}
    return make.feed(**{**values, **changes})


def follow(feed: Feed, pair: str, closed_s_ago: float, **changes: Any) -> FeedPair:
    """Store a pair whose last bar closed so many seconds ago, by the host's clock."""
    opened = NOW_MS - int(closed_s_ago * 1000) - STEP_MS
    values = {"state": PairState.FOLLOWED.value, "state_at": NOW, "last_open_time": opened}
    return FeedPair.objects.create(feed=feed, pair=pair, **{**values, **changes})


def seen(feed: Feed, seconds_later: float = 0.0) -> FeedView:
    view = feed_get(feed.pk, NOW + timedelta(seconds=seconds_later))
    assert view is not None
    return view


def test_a_pair_is_blocked_once_its_next_bar_would_be_too_old() -> None:
    feed = live_feed()
    follow(feed, "BTC/USDT", 0)
    assert not seen(feed, 599).is_stale
    view = seen(feed, 601)
    assert [pair.pair for pair in view.blocked] == ["BTC/USDT"]
    assert view.age_s == 601


def test_one_pair_that_lags_is_named_while_the_others_go_on() -> None:
    feed = live_feed()
    follow(feed, "BTC/USDT", 10)
    follow(feed, "ETH/USDT", 8_640)
    view = seen(feed)
    assert [pair.pair for pair in view.blocked] == ["ETH/USDT"]
    said = stale_sentence(view)
    assert "no entries on ETH/USDT, the last bar of ETH/USDT closed 2\u202fh 24" in said
    assert view.age_s == pytest.approx(8_640, abs=1)


def test_rows_written_just_now_do_not_make_old_bars_young() -> None:
    feed = live_feed(last_bar_at=NOW)
    follow(feed, "BTC/USDT", 8_640, stored_at=NOW)
    assert seen(feed).is_stale


def test_the_venues_clock_counts_and_not_the_hosts() -> None:
    feed = live_feed(clock_skew_ms=900_000.0)  # the host is a quarter of an hour ahead
    follow(feed, "BTC/USDT", 900)
    view = seen(feed)
    assert view.pair_views[0].age_s == 0
    assert not view.is_stale


def test_a_pair_nobody_trades_is_fresh_while_the_venue_says_so() -> None:
    feed = live_feed()
    row = follow(feed, "XMR/EUR", 7_200, state=PairState.SILENT.value, answered_ms=NOW_MS - 20_000)
    assert not seen(feed).is_stale
    assert seen(feed).pair_views[0].age_s == 7_200
    assert seen(feed).age_s == 320  # one bar before the venue last said so
    row.answered_ms = NOW_MS - 400_000
    row.save()
    assert seen(feed).is_stale


def test_a_pair_set_aside_makes_no_feed_stale() -> None:
    feed = live_feed()
    follow(feed, "BTC/USDT", 10)
    follow(feed, "OLD/USDT", 90_000, state=PairState.SET_ASIDE.value)
    assert not seen(feed).is_stale
    assert seen(feed).age_s == 10


def test_a_pair_without_any_bar_blocks_its_entries() -> None:
    feed = live_feed()
    FeedPair.objects.create(feed=feed, pair="NEW/USDT", state_at=NOW)
    view = seen(feed)
    assert view.is_stale
    assert stale_sentence(view).endswith("no entries on NEW/USDT, no bar of NEW/USDT came yet")


def test_every_pair_says_since_when_it_has_aged_by_the_hosts_clock() -> None:
    feed = live_feed(clock_skew_ms=40_000.0)
    follow(feed, "BTC/USDT", 60)
    FeedPair.objects.create(feed=feed, pair="NEW/USDT", state_at=NOW)
    closed = NOW - timedelta(seconds=20)
    assert seen(feed).pair_times == {"BTC/USDT": closed.isoformat(), "NEW/USDT": None}
    assert seen(make.feed(name="of its own clock")).pair_times == {}


def test_the_limit_is_the_one_the_sessions_obey() -> None:
    feed = live_feed()
    follow(feed, "BTC/USDT", 0)
    session = make.session(feed)
    risk = {"max_bar_age_bars": 0.1, "max_bar_age_s": 600.0}
    SessionFact.objects.create(
        session=session,
        n=session.facts.count(),
        after_seq=0,
        kind=FactKind.POLICY,
        payload={"policy": {"risk": risk}},
        created_at=NOW,
    )
    view = seen(feed, 331)
    assert view.limit_s == 30
    assert view.is_stale
