"""Stop at any step of an order's life, lose any answer: one order per intent, equal books."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.scripted.server import served, told
from tests.integration.venues.harness import POINTS, compare, end, live, run
from tests.integration.venues.session import ScriptSession
from trading.base.adapters.system_clock import SystemClock
from trading.desk.services.execution.outside import Hook, no_hook

REAL_WINDOW_MS = 40
KILLED = {"sampled": range(4), "all": range(4, 40)}
SEEDS = {"sampled": range(20), "all": range(20, 220)}


@pytest.mark.parametrize("seeds", ["sampled", pytest.param("all", marks=pytest.mark.proof)])
@pytest.mark.timeout(900)
def test_stopped_anywhere_every_intent_is_one_order_and_the_books_are_the_venues(
    seeds: str, tmp_path: Path
) -> None:
    total: Counter[str] = Counter()
    for seed in SEEDS[seeds]:
        there = live(seed, tmp_path / f"{seed}.sqlite3", ScriptSession)
        total += Counter(
            stops=there["stops"], orders=len(there["orders"]), trades=len(there["trades"]),
            faults=sum(n for fault, n in there["faults"].items() if fault != "none"),
        )  # fmt: skip
    n = len(SEEDS[seeds])
    assert total["stops"] >= 4 * n
    assert total["orders"] >= 6 * n
    assert total["trades"] >= 8 * n
    assert total["faults"] >= 20 * n


def in_child(work: Callable[[], object]) -> int:
    """Run ``work`` in a forked child and return the signal that ended it (0: it ended itself)."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the child must never come back
            os.write(2, f"child failed: {error!r}\n".encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def killer(point: str, nth: int) -> Hook:
    """Return a hook that kills its own process the nth time ``point`` is passed."""
    seen: Counter[str] = Counter()

    def hook(passed: str) -> None:
        seen[passed] += 1
        if passed == point and seen[passed] == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def a_life(path: Path, port: int, hook: Hook, rng: random.Random) -> None:
    with run(ScriptSession, path, port, SystemClock(), hook, REAL_WINDOW_MS) as running:
        running.open()
        for _ in range(14):
            running.step(rng, lambda: told(port, "tick"))


@pytest.mark.parametrize("seeds", ["sampled", pytest.param("all", marks=pytest.mark.proof)])
@pytest.mark.timeout(900)
def test_killed_for_real_it_is_the_same(seeds: str, tmp_path: Path) -> None:
    kills = 0
    for seed in KILLED[seeds]:
        path, rng = tmp_path / f"{seed}.sqlite3", random.Random(seed)
        with served(seed, trouble=0.4, liveliness=0.45, refusals=0.05) as port:
            for life in range(6):
                hook = killer(POINTS[(seed + life) % len(POINTS)], rng.randint(1, 8))
                ended_by = in_child(lambda: a_life(path, port, hook, rng))  # noqa: B023 - runs now
                kills += ended_by == signal.SIGKILL
            told(port, "calm")
            with run(ScriptSession, path, port, SystemClock(), no_hook, REAL_WINDOW_MS) as last:
                last.open()
                end(last, lambda: told(port, "tick"))
                compare(last.session, told(port, "audit"))
    assert kills >= 3 * len(KILLED[seeds])
