"""Kill a session at any moment: what is in the database afterwards is what it would have been.

A child process runs the session and kills itself with SIGKILL at a point chosen by the seed:
between deciding and writing, inside the transaction, between the commit and the order leaving,
after a fill, a close, a savings row or a ledger entry was written but not committed. Then another
child goes on.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.records import written
from tests.integration.sessions.running import in_child, run_to_end
from trading.base.adapters.system_clock import SystemClock
from trading.desk.models import SessionLease
from trading.desk.services.config.overrides import override_set
from trading.desk.services.journal.verify import session_verify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

POINTS = (
    "stepped", "persisting", "persisted", "submitted", "filling", "closing", "saving", "posting",
    "recovered",
)  # fmt: skip
SEEDS = {"sampled": 9, "all": 63}  # one and seven that begin with each point
KILLS_PER_SEED = 3
BARS = 420


def killer(point: str, nth: int) -> Callable[[str], None]:
    """Return a hook that kills its own process the nth time ``point`` is passed."""
    seen: Counter[str] = Counter()

    def hook(passed: str) -> None:
        seen[passed] += 1
        if passed == point and seen[passed] == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def free_the_lease(session_id: int) -> None:
    """Let the dead holder's lease run out without waiting for it."""
    SessionLease.objects.filter(session_id=session_id).update(
        expires_at=SystemClock().now() - timedelta(seconds=1)
    )


def run_with_kills(session_id: int, seed: int) -> int:
    """Run the session to its end with kills on the way; return how many there were."""
    rng = np.random.default_rng(seed)
    kills = 0
    for attempt in range(KILLS_PER_SEED):
        point = POINTS[(seed + attempt) % len(POINTS)]
        nth = int(rng.integers(1, 30)) if point in POINTS[:4] else int(rng.integers(1, 3))
        ended_by = in_child(partial(run_to_end, session_id, hook=killer(point, nth)))
        kills += ended_by == signal.SIGKILL
        free_the_lease(session_id)
    assert in_child(partial(run_to_end, session_id)) == 0
    return kills


@pytest.fixture
def bars() -> dict[str, Any]:
    """Return bars on which bots trade, win and save (early health, cheap transfers)."""
    override_set(
        changes={
            "policy.savings.min_closes": 1,
            "policy.savings.score_min": 0.0,
            "policy.savings.fee_policy": "transfer_cost",
        },
        reason="so that a checkpoint is accepted",
        author="test",
        clock=SystemClock(),
    )
    return series(BARS, seed=7)


@pytest.mark.parametrize("seeds", ["sampled", pytest.param("all", marks=pytest.mark.proof)])
@pytest.mark.timeout(600)
def test_rows_after_kills_equal_those_of_the_uninterrupted_run(
    seeds: str, bars: dict[str, Any]
) -> None:
    calm = open_session(bars, name="calm")
    run_to_end(calm.pk)
    expected = written(calm.pk)
    assert all(expected[kind] for kind in expected), "the bars must exercise every kind of row"
    assert {row[2] for row in expected["checkpoints"]} == {True, False}
    kills = 0
    for seed in range(SEEDS[seeds]):
        session = open_session(bars, name=f"seed {seed}")
        kills += run_with_kills(session.pk, seed)
        found = written(session.pk)
        for kind, rows in expected.items():
            assert found[kind] == rows, f"seed {seed}: {kind} differ"
        assert session_verify(session_id=session.pk).mismatches == 0
    assert kills >= SEEDS[seeds] * 2
