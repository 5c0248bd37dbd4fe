"""The engine beside ours gets the bars of every pair, and its answers become figures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fakes.candles import series
from trading.base.adapters.peer_process import PeerProcess
from trading.base.domain.errors import VenueUnavailableError
from trading.desk.adapters import engine_peer
from trading.desk.adapters.engine_peer import PACKAGE, NautilusPeer

BARS = {"BTC/USDT": series(30), "ETH/USDT": series(20)}
IMPORTING = ("from ", "impor")
SCRIPT = """
import json, sys
import numpy as np
job = json.load(open(sys.argv[1] + "/job.json"))
bars = sum(len(np.load(f"{sys.argv[1]}/times{n}.npy")) for n in range(len(job["pairs"])))
assert np.load(sys.argv[1] + "/values1.npy").shape == (5, 20) and job["minutes"] == 5
figures = {"bars": bars, "bots": 6, "fills": 4, "cpu_s": 0.5, "wall_s": 1.0}
for line in sys.stdin:
    print(json.dumps(figures), flush=True)
"""


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NautilusPeer:
    """Return the peer with a script and an interpreter that have nothing of it."""
    (tmp_path / "script.py").write_text(SCRIPT)
    monkeypatch.setattr(engine_peer, "SCRIPT", tmp_path / "script.py")
    monkeypatch.setattr(PeerProcess, "install", lambda self: {})
    monkeypatch.setattr(PeerProcess, "python", sys.executable)
    return NautilusPeer(tmp_path, print)


def test_every_run_is_measured_when_it_is_asked_for(peer: NautilusPeer) -> None:
    with peer.runs(BARS, step_ms=300_000) as run:
        found = [run(), run()]
    assert found[0] == found[1]
    assert (found[0].bars, found[0].bots, found[0].per_cpu_second) == (50, 6, 100.0)


def test_an_engine_that_cannot_be_installed_is_refused_with_what_pip_said(
    peer: NautilusPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PeerProcess, "install", lambda self: {PACKAGE: "pip: no build for 3.9"})
    with (
        pytest.raises(VenueUnavailableError, match="no build for"),
        peer.runs(BARS, step_ms=300_000),
    ):
        pass


def test_the_script_is_shipped_and_imports_nothing_of_ours() -> None:
    lines = engine_peer.SCRIPT.read_text().splitlines()
    imports = [line.split()[1].partition(".")[0] for line in lines if line[:5] in IMPORTING]
    assert "nautilus_trader" in imports
    assert not {"config", "dashboard", "guardian", "optimizer", "trading"} & set(imports)
