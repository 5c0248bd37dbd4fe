"""How fresh every feed is, pair by pair, and how its venue treats the desk."""

from trading.desk.selectors.feeds.reading import (
    SKEW_LIMIT_S,
    feed_get,
    feed_list,
    mark_prices,
    market_now,
)
from trading.desk.selectors.feeds.views import FeedView, PairView, VenueView

__all__ = [
    "SKEW_LIMIT_S",
    "FeedView",
    "PairView",
    "VenueView",
    "feed_get",
    "feed_list",
    "mark_prices",
    "market_now",
]
