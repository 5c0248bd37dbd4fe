"""The log: numbers without holes, one writer at a time, nothing impossible in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.fakes.candles import series
from tests.fakes.clock import FakeClock
from tests.fakes.feeds import PAIRS, STEP, bars_of, batch, log_of, make_feed
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import HIGH, VOLUME, Bar, BarArrays, BarFlag
from trading.market.domain.series.quality import quality_check
from trading.market.domain.venue_clock import TimeSource, VenueTime
from trading.market.models import BarRevision, Feed, FeedPair, RefusedBar, StreamBar
from trading.market.ports.candles import SourceState
from trading.market.ports.feeds import FeedBar, FeedBatch, FeedNews, PairNews, PairState
from trading.market.services.stream.again import as_published, bars_for_sessions
from trading.market.services.stream.feeds import feed_create
from trading.market.services.stream.log import (
    CursorLostError,
    bars_append,
    feed_cursor_get,
    feed_note,
)


@pytest.mark.django_db
def test_bars_get_numbers_without_holes_and_the_feed_its_place() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    bars_append(cursor=cursor, batch=batch(0, 2), clock=FakeClock())
    bars_append(cursor=cursor, batch=batch(2, 1), clock=FakeClock())
    assert log_of(feed) == [
        (1, "BTC/USDT", 1, 0), (2, "ETH/USDT", 1, 0),
        (3, "BTC/USDT", 2, STEP), (4, "ETH/USDT", 2, STEP),
        (5, "BTC/USDT", 3, 2 * STEP), (6, "ETH/USDT", 3, 2 * STEP),
    ]  # fmt: skip
    feed.refresh_from_db()
    assert (feed.last_seq, feed.position) == (6, {"next": 3})
    assert feed.last_bar_at == FakeClock().now()
    again = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    assert (again.last_seq, again.position) == (cursor.last_seq, cursor.position)
    for pair in PAIRS:
        assert again.pairs[pair].n == cursor.pairs[pair].n == 3
        tail, kept = again.pairs[pair].tail, cursor.pairs[pair].tail
        assert tail is not None
        assert kept is not None
        assert tail.open_time.tolist() == kept.open_time.tolist()
        assert tail.values.tolist() == kept.values.tolist()


@pytest.mark.django_db
def test_a_cursor_that_was_overtaken_writes_nothing() -> None:
    feed = make_feed()
    mine, other = (feed_cursor_get(feed_id=feed.pk, clock=FakeClock()) for _ in range(2))
    bars_append(cursor=other, batch=batch(0, 1), clock=FakeClock())
    with pytest.raises(CursorLostError):
        bars_append(cursor=mine, batch=batch(0, 2), clock=FakeClock())
    assert len(log_of(feed)) == 2
    feed.refresh_from_db()
    assert feed.position == {"next": 1}


@pytest.mark.django_db
def test_bars_that_cannot_be_are_set_aside_by_name_and_the_others_go_on() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    good = bars_of(0, 2, ("BTC/USDT",))
    bad = FeedBar("BTC/USDT", Bar(5 * STEP, 1.0, float("nan"), 0.5, 1.0, 1.0))
    off = FeedBar("ETH/USDT", Bar(5 * STEP + 1000, 1.0, 2.0, 0.5, 1.0, 1.0))
    given = FeedBatch([*good, good[0], bad, off, *bars_of(6, 1, PAIRS)], {}, 0.0)
    bars_append(cursor=cursor, batch=given, clock=FakeClock())
    assert [(seq, p[:3], t // STEP) for seq, p, _, t in log_of(feed)] == [
        (1, "BTC", 0), (2, "BTC", 1), (3, "BTC", 6), (4, "ETH", 6),
    ]  # fmt: skip
    rows = RefusedBar.objects.order_by("pair", "open_time")
    assert [(row.pair[:3], row.open_time, row.reason) for row in rows] == [
        ("BTC", 0, "out_of_order"), ("BTC", 5 * STEP, "not_finite"),
        ("ETH", 5 * STEP + 1000, "off_grid"),
    ]  # fmt: skip
    assert "high nan" in rows[1].shown
    counts = {row.pair[:3]: (row.n_bars, row.n_refused) for row in FeedPair.objects.all()}
    assert counts == {"BTC": (3, 2), "ETH": (1, 1)}


@pytest.mark.django_db
def test_a_pair_whose_bars_come_is_no_longer_waited_for() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    batch_of_one = FeedBatch(bars_of(0, 2, ("BTC/USDT",)), {}, 0.0)  # stored candles: no news
    bars_append(cursor=cursor, batch=batch_of_one, clock=FakeClock())
    states = {row.pair[:3]: row.state for row in FeedPair.objects.all()}
    assert states == {"BTC": "followed", "ETH": "waiting"}


@pytest.mark.django_db
def test_a_wick_in_the_stream_is_flagged_as_in_a_file_and_after_a_restart_too() -> None:
    feed = make_feed()
    bars = series(200, step_ms=STEP)
    bars.values[HIGH, 90] *= 1690.0
    bars.values[:VOLUME, 120] *= 1.5
    keep = np.delete(np.arange(200), [40, 41])
    times, values = bars.open_time[keep], np.ascontiguousarray(bars.values[:, keep])
    whole = quality_check(times, values, STEP)
    given = BarArrays(times, values, np.zeros(198, dtype=np.uint8))
    for start in range(0, 198, 33):
        cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
        items = [FeedBar("BTC/USDT", given.bar(i)) for i in range(start, start + 33)]
        bars_append(cursor=cursor, batch=FeedBatch(items, {}, 0.0), clock=FakeClock())
    flags = list(
        StreamBar.objects.filter(feed=feed).order_by("seq").values_list("flags", flat=True)
    )
    assert flags == whole.flags.tolist()
    row = FeedPair.objects.get(feed=feed, pair="BTC/USDT")
    assert (row.n_bars, row.n_quarantined, row.n_gaps, row.n_missing) == (198, 2, 1, 2)


@pytest.mark.django_db
def test_the_flags_of_a_stored_series_count_as_they_are() -> None:
    feed = make_feed()
    bar = Bar(0, 1.0, 900.0, 1.0, 1.0, 1.0, flags=int(BarFlag.AFTER_GAP))
    given = FeedBatch([FeedBar("BTC/USDT", bar)], {}, 0.0, is_flagged=True)
    bars_append(
        cursor=feed_cursor_get(feed_id=feed.pk, clock=FakeClock()), batch=given, clock=FakeClock()
    )
    assert StreamBar.objects.get(feed=feed).flags == BarFlag.AFTER_GAP


@pytest.mark.django_db
def test_a_bar_the_venue_changed_is_corrected_and_what_it_was_is_kept() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    bars_append(cursor=cursor, batch=batch(0, 3), clock=FakeClock())
    for volume in (20.0, 20.0, 30.0):
        changed = bars_of(1, 1, ("BTC/USDT",))[0]
        changed = FeedBar(changed.pair, changed.bar._replace(volume=volume))
        told = FeedBatch([], cursor.position, 0.0, again=[changed, *bars_of(2, 1)])
        bars_append(cursor=cursor, batch=told, clock=FakeClock())
    row = StreamBar.objects.get(feed=feed, pair="BTC/USDT", open_time=STEP)
    assert (row.volume, row.flags) == (30.0, BarFlag.REVISED)
    kept = BarRevision.objects.order_by("id")
    assert [(r.old[4], r.old[5], r.new[4], r.new[5]) for r in kept] == [
        (10.0, 0, 20.0, 4), (20.0, 4, 30.0, 4),
    ]  # fmt: skip
    assert FeedPair.objects.get(feed=feed, pair="BTC/USDT").n_revised == 2
    assert FeedPair.objects.get(feed=feed, pair="ETH/USDT").n_revised == 0
    seen = as_published(bars_for_sessions(feed.pk))
    assert [(s.volume, s.flags) for s in seen if s.open_time == STEP] == [(10.0, 0)] * 2
    assert len(log_of(feed)) == cursor.last_seq == 6


@pytest.mark.django_db
def test_a_bar_whose_time_has_passed_is_stored_as_late_and_no_session_sees_it() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    given = [*bars_of(0, 1), *bars_of(1, 1, ("BTC/USDT",)), *bars_of(2, 1)]
    bars_append(cursor=cursor, batch=FeedBatch(given, {}, 0.0), clock=FakeClock())
    late = bars_of(1, 1, ("ETH/USDT",))
    for _ in range(2):
        told = FeedBatch([], cursor.position, 0.0, again=late)
        bars_append(cursor=cursor, batch=told, clock=FakeClock())
        cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    row = StreamBar.objects.get(feed=feed, pair="ETH/USDT", open_time=STEP)
    assert (row.seq, row.n, row.flags) == (6, 3, BarFlag.LATE)
    assert FeedPair.objects.get(feed=feed, pair="ETH/USDT").n_late == 1
    bars_append(cursor=cursor, batch=FeedBatch(bars_of(3, 1), {}, 0.0), clock=FakeClock())
    assert [row.seq for row in bars_for_sessions(feed.pk)] == [1, 2, 3, 4, 5, 7, 8]
    assert [n for _, pair, n, _ in log_of(feed) if pair == "ETH/USDT"] == [1, 2, 3, 4]


@pytest.mark.django_db
def test_news_of_pairs_and_of_the_venue_are_rows() -> None:
    feed, clock = make_feed(), FakeClock()
    cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    pairs = {
        "BTC/USDT": PairNews(PairState.FOLLOWED, "", clock.now_ms() - 50),
        "ETH/USDT": PairNews(PairState.SET_ASIDE, "v has no pair ETH/USDT", None, 60.0),
    }
    time = VenueTime(clock.now_ms() - 40_000, 20.0, 39_990.0, TimeSource.ENDPOINT)
    news = FeedNews("", pairs, time, SourceState(0.0, 100.0, 7, 1))
    feed_note(cursor=cursor, news=news, clock=clock)
    feed.refresh_from_db()
    assert (feed.clock_skew_ms, feed.clock_source) == (39_990.0, "endpoint")
    assert (feed.n_requests, feed.n_refusals, feed.paused_until) == (7, 1, None)
    btc, eth = FeedPair.objects.order_by("pair")
    assert (btc.state, btc.retry_at) == ("followed", None)
    assert (eth.state, eth.reason) == ("set_aside", "v has no pair ETH/USDT")
    assert eth.retry_at == clock.now() + timedelta(seconds=60)
    clock.advance(100.0)
    opened = time.now_ms - time.now_ms % STEP - STEP
    bar = FeedBar("BTC/USDT", Bar(opened, 1.0, 1.0, 1.0, 1.0, 1.0))
    bars_append(cursor=cursor, batch=FeedBatch([bar], {}, 0.0, news=news), clock=clock)
    btc.refresh_from_db()
    assert btc.delay_ms == time.now_ms - opened - STEP
    assert (btc.last_open_time, btc.stored_at) == (opened, clock.now())
    assert btc.state_at == clock.now() - timedelta(seconds=100)


@pytest.mark.django_db
def test_the_last_batch_finishes_the_feed() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk, clock=FakeClock())
    bars_append(cursor=cursor, batch=batch(0, 1, finished=True), clock=FakeClock())
    feed.refresh_from_db()
    assert feed.status == Feed.Status.FINISHED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "auto"}, "auto"),
        ({"kind": "wishes"}, "wishes"),
        ({"timeframe": "5x"}, "5x"),
        ({"pairs": ["BTCUSDT"]}, "BTCUSDT"),
        ({"pairs": []}, "empty"),
        ({"params": {"speeed": 1}}, "speeed"),
        ({"params": {"bar_seconds": -1}}, "-1"),
        ({"name": "taken"}, "taken"),
    ],
)
def test_a_feed_with_a_wrong_value_is_refused(changes: dict[str, Any], expected: str) -> None:
    make_feed("taken")
    given: dict[str, Any] = {
        "kind": "replay", "venue": "v", "timeframe": "5m", "pairs": PAIRS, "params": {},
        "name": "new", "clock": FakeClock(),
    }  # fmt: skip
    with pytest.raises(BadInputError, match=expected):
        feed_create(**given | changes)
    assert Feed.objects.count() == 1


@pytest.mark.django_db
def test_a_simulated_feed_is_marked_and_its_history_ends_now() -> None:
    clock = FakeClock()
    feed = feed_create(
        kind="simulated", venue="simulated", timeframe="5m", pairs=PAIRS,
        params={"seed": 1, "history_bars": 10}, name="s", clock=clock,
    )  # fmt: skip
    assert feed.is_simulated
    assert (
        feed.params["epoch_ms"] + 10 * STEP <= clock.now_ms() < feed.params["epoch_ms"] + 11 * STEP
    )
