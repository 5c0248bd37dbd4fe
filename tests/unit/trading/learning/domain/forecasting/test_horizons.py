"""Horizons have one registry, and no two of them mean the same bar."""

from __future__ import annotations

import pytest

from trading.base.domain.errors import BadInputError
from trading.learning.domain.forecasting.horizons import (
    ASKED,
    HORIZONS,
    MOST_BARS,
    Bucket,
    bucket_of,
    horizon_get,
    horizon_label,
    lengths_asked,
)
from trading.learning.domain.policy import ForecastPolicy
from trading.market.domain.timeframes import timeframe_ms

MINUTE = 60_000


def test_the_bounds_of_a_bucket_belong_to_the_nearer_one() -> None:
    buckets = {horizon.label: horizon.bucket for horizon in HORIZONS}
    assert buckets["30m"] is Bucket.SHORT
    assert buckets["1h"] is buckets["1d"] is Bucket.MID
    assert buckets["3d"] is Bucket.LONG
    assert bucket_of(30 * MINUTE + 1) is Bucket.MID
    assert bucket_of(1440 * MINUTE + 1) is Bucket.LONG


def test_labels_and_lengths_are_each_used_once_and_grow() -> None:
    lengths = [horizon.seconds for horizon in HORIZONS]
    assert lengths == sorted(set(lengths))
    assert len({horizon.label for horizon in HORIZONS}) == len(HORIZONS) == 14


@pytest.mark.parametrize(
    ("label", "timeframe", "fits"),
    [
        ("5m", "5m", False), ("15m", "5m", True), ("30m", "15m", False), ("3d", "1d", True),
        ("6mo", "15m", False), ("6mo", "30m", True), ("30m", "7m", False), ("5m", "1m", True),
    ],
)  # fmt: skip
def test_bars_longer_than_a_third_of_it_or_too_short_do_not_fit(
    label: str, timeframe: str, fits: bool
) -> None:
    assert horizon_get(label).fits(timeframe_ms(timeframe)) is fits


def test_the_smallest_and_the_largest_bar_fit_and_are_the_bounds() -> None:
    for horizon in HORIZONS:
        assert horizon.seconds / horizon.smallest_bar_s <= MOST_BARS
        assert horizon.fits(int(horizon.largest_bar_s * 1000))
        assert not horizon.fits(int(horizon.largest_bar_s * 1000) + 1000)
    assert horizon_get("6mo").smallest_bar_s == 1800
    assert horizon_get("1d").smallest_bar_s == 60


def test_a_policy_may_look_as_far_as_the_furthest_horizon_in_bars() -> None:
    spec = ForecastPolicy.__dataclass_fields__["horizon_bars"]
    assert spec.metadata["high"] == MOST_BARS


def test_a_session_asks_for_its_policys_distance_and_what_fits_its_bars() -> None:
    five = lengths_asked(ASKED, 5 * MINUTE, 12)
    assert [horizon_label(length) for length in five] == ["30m", "1h", "6h", "3d"]
    assert len({bucket_of(length) for length in five}) == 3
    assert lengths_asked(ASKED, 1440 * MINUTE, 12) == tuple(n * 1440 * MINUTE for n in (3, 12))
    assert lengths_asked(("1h",), 5 * MINUTE, 12) == (60 * MINUTE,)


def test_distances_without_a_name_are_written_as_lengths() -> None:
    assert horizon_label(35 * MINUTE) == "35m"
    assert horizon_label(30 * 1440 * MINUTE) == "1mo"


def test_an_unknown_label_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInputError, match="horizon was '2h'; expected one of 5m, 15m, 30m"):
        horizon_get("2h")
