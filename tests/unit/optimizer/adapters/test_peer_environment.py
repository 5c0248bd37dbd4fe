"""The peers run in an interpreter of their own and answer round by round."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from optimizer.adapters import peer_environment, peer_script
from optimizer.adapters.peer_environment import PeerEnvironment
from optimizer.ports.peers import PeerJob
from optimizer.services.bench.evaluator import synthetic_bars
from trading.base.domain.errors import VenueUnavailableError

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
    with (
        peers.rounds(JOB) as measure,
        pytest.raises(VenueUnavailableError, match=r"after 0\.3 s without an answer"),
    ):
        measure()


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


def test_what_could_not_be_installed_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    wanted: list[str] = []
    is_offline = True

    def run(self: PeerEnvironment, command: list[str]) -> None:
        if "venv" in command:
            Path(command[-1]).mkdir(exist_ok=True)
        elif is_offline and command[-1].startswith("vectorbt"):
            raise VenueUnavailableError("no network")
        wanted.append(command[-1])

    monkeypatch.setattr(PeerEnvironment, "_run", run)
    environment = PeerEnvironment(tmp_path, said.append)
    environment._interpreter()
    assert said[-1] == "no network"
    assert "backtesting==0.6.6" in wanted  # the others all the same
    is_offline = False
    environment._interpreter()
    assert "vectorbt==1.2.0" in wanted
    wanted.clear()
    environment._interpreter()
    assert wanted == []


def test_an_installation_that_takes_too_long_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_environment, "_INSTALL_S", 0.2)
    with pytest.raises(VenueUnavailableError, match=r"sleep\(60\): stopped after 0\.2 s"):
        PeerEnvironment(tmp_path, print)._run([sys.executable, "-c", "import time; time.sleep(60)"])
