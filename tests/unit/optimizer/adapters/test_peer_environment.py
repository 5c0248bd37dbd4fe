"""The peers run in an interpreter of their own and answer round by round."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from optimizer.adapters import peer_environment
from optimizer.adapters.peer_environment import PeerEnvironment
from optimizer.ports.peers import PeerJob
from optimizer.services.bench.evaluator import synthetic_bars
from trading.domain.errors import VenueUnavailableError

JOB = PeerJob(
    synthetic_bars(np.random.default_rng(5), 3000).values,
    fee=0.01,
    cash=1000.0,
    rules={"sma_cross": ((20, 80), (10, 50))},
    seconds=0.01,
)


@pytest.fixture
def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PeerEnvironment:
    """Return an environment whose interpreter is this one: it has numba and none of the peers."""
    monkeypatch.setattr(PeerEnvironment, "_interpreter", lambda self: sys.executable)
    return PeerEnvironment(tmp_path, print)


def test_each_round_is_measured_when_it_is_asked_for(peers: PeerEnvironment) -> None:
    with peers.rounds(JOB) as measure:
        found = [{row.peer: row for row in measure()} for _ in range(2)]
    for rows in found:
        loop = rows["plain numba loop"]
        assert loop.evaluations >= 1
        assert loop.per_second > 0.0
        assert "ModuleNotFoundError" in rows["vectorbt"].reason
    assert (
        found[0]["plain numba loop"].returns_pct[0] == found[1]["plain numba loop"].returns_pct[0]
    )


def broken_script(path: Path, code: str) -> Callable[[], object]:
    path.write_text(code)
    return type("Script", (), {"__file__": str(path)})


@pytest.mark.parametrize(
    "code", ["import sys; sys.exit('no such thing')", "raise RuntimeError('no such thing')"]
)
def test_peers_that_stop_say_why(
    peers: PeerEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(
        peer_environment, "peer_script", broken_script(tmp_path / "broken.py", code)
    )
    with peers.rounds(JOB) as measure, pytest.raises(VenueUnavailableError, match="no such thing"):
        measure()


def test_peers_that_are_silent_too_long_are_stopped(
    peers: PeerEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        peer_environment,
        "peer_script",
        broken_script(tmp_path / "silent.py", "import time; time.sleep(60)"),
    )
    monkeypatch.setattr(peer_environment, "_ROUND_S", 0.3)
    with peers.rounds(JOB) as measure, pytest.raises(VenueUnavailableError, match="peers stopped"):
        measure()
