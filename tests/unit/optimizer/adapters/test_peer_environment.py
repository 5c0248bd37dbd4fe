"""The peers run in an interpreter of their own and answer round by round."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from optimizer.adapters import peer_script
from optimizer.adapters.peer_environment import PeerEnvironment
from optimizer.ports.peers import PeerJob
from optimizer.services.bench.evaluator import synthetic_bars
from trading.base.adapters.peer_process import PeerProcess

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
    monkeypatch.setattr(PeerProcess, "install", lambda self: {})
    monkeypatch.setattr(PeerProcess, "python", sys.executable)
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


def test_a_peer_that_fails_in_a_round_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def good(first: int, second: int) -> tuple[float, int]:
        return float(first), second

    def fails_later(first: int, second: int) -> tuple[float, int]:
        if first == 10:
            raise ValueError("no such window")
        return good(first, second)

    monkeypatch.setattr(
        peer_script,
        "PEERS",
        {
            "good": lambda *_: {"sma_cross": good},
            "failing": lambda *_: {"sma_cross": fails_later},
        },
    )
    np.save(tmp_path / "bars.npy", JOB.values)
    job = {"fee": JOB.fee, "cash": JOB.cash, "seconds": 60.0, "rules": JOB.rules}
    (tmp_path / "job.json").write_text(json.dumps(job))
    monkeypatch.setattr(sys, "stdin", io.StringIO("round\nround\n"))
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # ``main`` turns it away
    peer_script.main(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for line in lines:
        found = {row["peer"]: row for row in json.loads(line)}
        assert found["good"]["evaluations"] == 200
        assert found["failing"]["reason"] == "ValueError: no such window"
