"""The log: numbers without holes, one writer at a time, nothing impossible in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.feeds import PAIRS, STEP, bars_of, batch, log_of, make_feed
from trading.domain.errors import BadInputError
from trading.domain.market.bars import Bar
from trading.models import Feed
from trading.ports.feeds import FeedBar, FeedBatch
from trading.services.stream.feeds import feed_create
from trading.services.stream.log import CursorLostError, bars_append, feed_cursor_get


@pytest.mark.django_db
def test_bars_get_numbers_without_holes_and_the_feed_its_place() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk)
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
    assert feed_cursor_get(feed_id=feed.pk) == cursor


@pytest.mark.django_db
def test_a_cursor_that_was_overtaken_writes_nothing() -> None:
    feed = make_feed()
    mine, other = (feed_cursor_get(feed_id=feed.pk) for _ in range(2))
    bars_append(cursor=other, batch=batch(0, 1), clock=FakeClock())
    with pytest.raises(CursorLostError):
        bars_append(cursor=mine, batch=batch(0, 2), clock=FakeClock())
    assert len(log_of(feed)) == 2
    feed.refresh_from_db()
    assert feed.position == {"next": 1}


@pytest.mark.django_db
def test_an_impossible_or_repeated_bar_is_dropped_and_counted() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk)
    good = bars_of(0, 2, ("BTC/USDT",))
    bad = FeedBar("BTC/USDT", Bar(5 * STEP, 1.0, float("nan"), 0.5, 1.0, 1.0))
    given = FeedBatch([*good, good[0], bad, *bars_of(6, 1, ("BTC/USDT",))], {}, 0.0)
    bars_append(cursor=cursor, batch=given, clock=FakeClock())
    assert [(seq, t // STEP) for seq, _, _, t in log_of(feed)] == [(1, 0), (2, 1), (3, 6)]
    assert cursor.n_corrupt == 2


@pytest.mark.django_db
def test_the_last_batch_finishes_the_feed() -> None:
    feed = make_feed()
    cursor = feed_cursor_get(feed_id=feed.pk)
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
