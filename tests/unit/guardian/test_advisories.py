"""Every condition is a sentence with its figures, what mends it, and its level."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from guardian.domain.advisories import BLOCKED, degradation_level
from guardian.selectors.advisories import advisory_list
from guardian.selectors.health import Health
from trading.desk.selectors.feeds import FeedView, PairView, VenueView
from trading.desk.selectors.health import SessionView

WELL = Health(db="ok", redis="ok")
SESSION = SessionView(
    id=3, mode="ghost", feed_id=1, pairs=("BTC/USDT",), status="running", status_reason="",
    is_wanted=True, cursor_seq=9, n_decisions=9, digest="", lease_age_s=1.0,
)  # fmt: skip
FEED = FeedView(
    id=1, name="bybit 5m", kind="ccxt", venue="bybit", timeframe="5m", pairs=("BTC/USDT",),
    is_simulated=False, status="running", status_reason="", age_from=None, age_s=60.0,
    budget_s=910.0, market_time=None, bar_seconds=None, last_seq=9,
)  # fmt: skip


def pair(state: str, reason: str, **lately: Any) -> PairView:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    retry_at = at.replace(minute=1) if state == "set_aside" else None
    return PairView("BTC/USDT", state, reason, at, retry_at, None, None, None, None, {}, **lately)


def venue(skew_s: float | None) -> VenueView:
    return VenueView(skew_s, 10.0, "endpoint", 1, 0, None)


def test_a_healthy_desk_has_no_advisories_and_level_0() -> None:
    assert advisory_list(WELL, [SESSION], [FEED]) == ()
    assert degradation_level(()) == 0


@pytest.mark.parametrize(
    ("health", "session", "feed", "level", "said"),
    [
        (replace(WELL, redis="none"), {}, {}, 1, "No Redis is running"),
        (replace(WELL, redis="failed"), {}, {}, 1, "Redis does not answer"),
        (replace(WELL, db="failed"), {}, {}, 4, "The database does not answer"),
        (
            WELL,
            {},
            {"age_s": 7200.0},
            2,
            "last bar is 2\u202fh old, budget 15\u202fmin.",
        ),
        (WELL, {}, {"age_s": None}, 2, "bybit 5m: the last bar never came"),
        (WELL, {}, {"status": "failed", "status_reason": "no such pair"}, 2, "no such pair."),
        (WELL, {"lease_age_s": 95.0}, {}, 2, "its worker was last heard 1\u202fmin ago"),
        (WELL, {"status": "waiting", "lease_age_s": 240.0}, {}, 2, "has waited 4\u202fmin"),
        (WELL, {"status": "failed", "status_reason": "digest"}, {}, 2, "has failed: digest."),
        (WELL, {"status_reason": "keeps its policy"}, {}, 1, "Session 3 keeps its policy."),
        (
            WELL,
            {"status": "waiting", "n_failures": 2, "status_reason": "broke off 2 times: Oops"},
            {},
            2,
            "Session 3 broke off 2 times: Oops.",
        ),
        (WELL, {}, {"status_reason": "HTTP 418: banned"}, 1, "bybit 5m: HTTP 418: banned."),
        (
            WELL,
            {},
            {"pair_views": (pair("set_aside", "bybit has no pair BTC/USDT"),)},
            1,
            "BTC/USDT is set aside, asked again at 00:01:00 UTC: bybit has no pair BTC/USDT.",
        ),
        (WELL, {}, {"pair_views": (pair("failing", ""),)}, 1, "its request hangs"),
        (
            WELL,
            {},
            {"pair_views": (pair("followed", "", refused_lately=2, refused_what="(of X) is odd"),)},
            1,
            "bybit 5m BTC/USDT: 2 bars were set aside in the last hour, the newest (of X) is odd.",
        ),
        (WELL, {}, {"venue_view": venue(40.06)}, 2, "clock is 40.1 s ahead of that of bybit"),
        (WELL, {}, {"venue_view": venue(-900.0)}, 2, "900.0 s behind that of bybit, limit 10 s"),
    ],
)
def test_a_condition_has_its_level_its_words_and_what_to_do(
    health: Health, session: dict[str, object], feed: dict[str, object], level: int, said: str
) -> None:
    rows = [replace(SESSION, **session)], [replace(FEED, **feed)]  # type: ignore[arg-type]
    (advisory,) = advisory_list(health, *rows)
    assert said in advisory.text
    assert advisory.text.endswith(".")
    assert advisory.action.endswith(".")
    assert advisory.level == level == degradation_level([advisory])
    assert level in BLOCKED


@pytest.mark.parametrize(
    ("session", "feed"),
    [
        ({"status": "waiting", "lease_age_s": 40.0}, {}),  # its turn comes
        ({"status": "pending", "lease_age_s": None}, {}),
        ({"status": "finished", "lease_age_s": 9e9, "is_wanted": False}, {"status": "finished"}),
        ({}, {"status": "stopped", "age_s": 9e9}),
        ({}, {"pair_views": (pair("followed", ""), pair("silent", "")), "venue_view": venue(9.0)}),
        ({}, {"venue_view": venue(None)}),
    ],
)
def test_what_is_as_it_should_be_is_no_advisory(
    session: dict[str, object], feed: dict[str, object]
) -> None:
    rows = [replace(SESSION, **session)], [replace(FEED, **feed)]  # type: ignore[arg-type]
    assert advisory_list(WELL, *rows) == ()


def test_the_worst_comes_first() -> None:
    found = advisory_list(
        Health(db="failed", redis="failed"), [SESSION], [replace(FEED, age_s=None)]
    )
    assert [advisory.level for advisory in found] == [4, 2, 1]
    assert degradation_level(found) == 4


@pytest.mark.parametrize("state", ["failing", "set_aside"])
def test_other_pairs_are_said_to_go_on_only_where_some_do(state: str) -> None:
    alone = replace(FEED, pair_views=(pair(state, "gone"), pair(state, "gone")))
    beside = replace(FEED, pair_views=(pair(state, "gone"), pair("followed", "")))
    assert "ther pairs go on" not in advisory_list(WELL, [], [alone])[0].action
    assert advisory_list(WELL, [], [beside])[0].action.startswith("The other pairs go on; ")
