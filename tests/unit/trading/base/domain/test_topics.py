"""Topics and groups: both sides of the news must meet under one name."""

from __future__ import annotations

import pytest
from channels.layers import InMemoryChannelLayer

from trading.base.domain.errors import BadInputError
from trading.base.domain.topics import DESK, group_for
from trading.market.domain.topics import candles_topic, feed_topic


def test_a_pair_is_written_with_a_dash_however_it_is_given() -> None:
    assert candles_topic(7, "BTC/USDT") == candles_topic(7, "btc-usdt") == "candles.7.BTC-USDT"


def test_a_bad_pair_is_refused() -> None:
    with pytest.raises(BadInputError, match="expected BASE/QUOTE"):
        candles_topic(7, "BTC")


@pytest.mark.parametrize(
    "topic", [DESK, candles_topic(1, "A/B"), feed_topic(3), "x" * 300, "a b/ü"]
)
def test_every_group_name_is_accepted_by_the_channel_layer(topic: str) -> None:
    assert InMemoryChannelLayer().require_valid_group_name(group_for(topic))


def test_different_series_have_different_groups() -> None:
    names = {group_for(candles_topic(f, p)) for f in (1, 11) for p in ("A/B", "AB/C", "A/BC")}
    assert len(names) == 6


def test_pairs_that_differ_in_letters_a_group_cannot_hold_keep_their_own_groups() -> None:
    names = {group_for(candles_topic(1, pair)) for pair in ("币安/USDT", "人生/USDT", "B币/USDT")}
    assert len(names) == 3
    assert all(InMemoryChannelLayer().require_valid_group_name(name) for name in names)
