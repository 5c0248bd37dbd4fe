"""Every condition is a sentence with its figures, what mends it, and its level."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guardian.domain.advisories import BLOCKED, degradation_level
from guardian.selectors.advisories import advisory_list
from guardian.selectors.health import Health
from trading.selectors.health import FeedView, SessionView

WELL = Health(db="ok", redis="ok")
SESSION = SessionView(
    id=3, mode="ghost", feed_id=1, pairs=("BTC/USDT",), status="running", status_reason="",
    is_wanted=True, cursor_seq=9, n_decisions=9, digest="", lease_age_s=1.0,
)  # fmt: skip
FEED = FeedView(
    id=1, name="bybit 5m", kind="ccxt", venue="bybit", timeframe="5m", pairs=("BTC/USDT",),
    is_simulated=False, status="running", status_reason="", last_bar_at=None, age_s=60.0,
    budget_s=910.0, market_time=None, bar_seconds=None, last_seq=9,
)  # fmt: skip


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
