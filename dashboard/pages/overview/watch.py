"""Open one watched series: check the request, read the snapshot, know how to go on from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboard.pages.overview.buckets import Bucket, BucketTracker
from dashboard.pages.overview.overlay import overlay_payload
from dashboard.shell.addresses import ROW_MAX
from trading.base import bootstrap
from trading.base.domain.errors import BadInputError
from trading.base.domain.topics import group_for
from trading.desk.selectors.feeds import FeedView, feed_get
from trading.desk.selectors.markers import marker_list, stop_lines
from trading.market.domain.instruments import Pair
from trading.market.domain.timeframes import timeframe_ms
from trading.market.domain.topics import candles_topic
from trading.market.selectors.chart import CandleSnapshot, candle_snapshot

SNAPSHOT_BARS: Final = 600


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """One series a browser wants to see."""

    feed_id: int
    pair: str
    timeframe: str

    @classmethod
    def parse(cls, message: Mapping[str, Any]) -> WatchRequest:
        """Return the request of a client message.

        Raises:
            BadInputError: a field is missing or is not what it must be.
        """
        feed_id, timeframe = message.get("feed"), message.get("timeframe")
        if type(feed_id) is not int or not 1 <= feed_id <= ROW_MAX:
            raise BadInputError(f"feed was {feed_id!r}; expected the number of a feed")
        timeframe_ms(str(timeframe))
        return cls(feed_id, str(Pair.parse(str(message.get("pair")))), str(timeframe))

    @property
    def group(self) -> str:
        """Return the channel-layer group of the series' bars."""
        return group_for(candles_topic(self.feed_id, self.pair))


@dataclass(frozen=True, slots=True)
class Watch:
    """One series being watched: its snapshot, since when, and how its bars are folded."""

    request: WatchRequest
    snapshot: dict[str, Any]
    since_ms: int
    tracker: BucketTracker | None


def watch_open(request: WatchRequest) -> Watch:
    """Read the snapshot of a series.

    Raises:
        BadInputError: there is no such feed, it does not carry the pair, or the timeframe is no
            multiple of its own.
    """
    now = bootstrap.system_clock().now()
    feed = feed_get(request.feed_id, now)
    _check(request, feed)
    assert feed is not None  # noqa: S101 - _check has refused a missing feed
    candles = candle_snapshot(
        feed_id=request.feed_id,
        pair=request.pair,
        timeframe=request.timeframe,
        limit=SNAPSHOT_BARS,
    )
    since_ms = candles.t[0] if candles.t else 0
    is_base = request.timeframe == feed.timeframe
    snapshot = {
        "kind": "snapshot",
        "feed": request.feed_id,
        "pair": request.pair,
        "timeframe": request.timeframe,
        "n": candles.n if is_base else len(candles.t) - candles.is_partial,
        "forming": not is_base and candles.is_partial,
        "age_s": feed.age_s or 0.0,
        "bars": {
            "t": candles.t, "o": candles.o, "h": candles.h, "l": candles.l, "c": candles.c,
            "v": candles.v,
        },
        **overlay_payload(*_overlay(request, since_ms)),
    }  # fmt: skip
    tracker = None if is_base else _tracker(request, feed, candles)
    return Watch(request, snapshot, since_ms, tracker)


def overlay_read(watch: Watch) -> dict[str, Any]:
    """Read markers and stop lines anew."""
    markers, stops = _overlay(watch.request, watch.since_ms)
    return {"kind": "overlay", **overlay_payload(markers, stops)}


def _overlay(request: WatchRequest, since_ms: int) -> tuple[Any, Any]:
    return (
        marker_list(request.feed_id, request.pair, since_ms),
        stop_lines(request.feed_id, request.pair, since_ms),
    )


def _check(request: WatchRequest, feed: FeedView | None) -> None:
    if feed is None:
        raise BadInputError(f"feed was {request.feed_id}; there is no such feed")
    if request.pair not in feed.pairs:
        raise BadInputError(f"pair was {request.pair}; {feed.name} carries {', '.join(feed.pairs)}")
    if timeframe_ms(request.timeframe) % timeframe_ms(feed.timeframe):
        raise BadInputError(
            f"timeframe was {request.timeframe}; expected a multiple of {feed.timeframe}"
        )


def _tracker(request: WatchRequest, feed: FeedView, candles: CandleSnapshot) -> BucketTracker:
    last = None
    if candles.t:
        last = Bucket(
            len(candles.t), candles.t[-1], candles.o[-1], candles.h[-1], candles.l[-1],
            candles.c[-1], candles.v[-1],
        )  # fmt: skip
    return BucketTracker(
        timeframe_ms(request.timeframe),
        timeframe_ms(feed.timeframe),
        last,
        candles.n,
        is_open=candles.is_partial,
    )
