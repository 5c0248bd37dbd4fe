"""A script of a peer is asked line by line; what goes wrong is said in words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trading.base.adapters import peer_process
from trading.base.adapters.peer_process import PeerProcess
from trading.base.domain.errors import VenueUnavailableError


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PeerProcess:
    """Return a process whose interpreter is this one."""
    monkeypatch.setattr(PeerProcess, "python", sys.executable)
    return PeerProcess(tmp_path, ("good==1", "bad==2"), print)


def script(tmp_path: Path, code: str) -> Path:
    path = tmp_path / "script.py"
    path.write_text(code)
    return path


def test_each_line_that_is_asked_for_is_answered(process: PeerProcess, tmp_path: Path) -> None:
    code = "import sys\nfor n, line in enumerate(sys.stdin): print(n, line.strip(), flush=True)"
    with process.asking(script(tmp_path, code), tmp_path) as ask:
        assert [ask(), ask()] == ["0 round\n", "1 round\n"]


@pytest.mark.parametrize(
    "code", ["import sys; sys.exit('no such thing')", "raise RuntimeError('no such thing')"]
)
def test_a_script_that_stops_says_why(process: PeerProcess, tmp_path: Path, code: str) -> None:
    with (
        process.asking(script(tmp_path, code), tmp_path) as ask,
        pytest.raises(VenueUnavailableError, match="no such thing"),
    ):
        ask()


def test_a_script_that_is_silent_too_long_is_stopped(
    process: PeerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_process, "_ROUND_S", 0.3)
    with (
        process.asking(script(tmp_path, "import time; time.sleep(60)"), tmp_path) as ask,
        pytest.raises(VenueUnavailableError, match=r"after 0\.3 s without an answer"),
    ):
        ask()


def test_what_could_not_be_installed_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    wanted: list[str] = []
    is_offline = True

    def run(self: PeerProcess, command: list[str]) -> None:
        if "venv" in command:
            Path(command[-1]).mkdir(exist_ok=True)
        elif is_offline and command[-1] == "bad==2":
            raise VenueUnavailableError("no network")
        wanted.append(command[-1])

    monkeypatch.setattr(PeerProcess, "_run", run)
    process = PeerProcess(tmp_path, ("bad==2", "good==1"), said.append)
    assert process.install() == {"bad==2": "no network"}
    assert said[-1] == "no network"
    assert "good==1" in wanted  # the others all the same
    is_offline = False
    assert process.install() == {}
    assert "bad==2" in wanted
    wanted.clear()
    assert process.install() == {}
    assert wanted == []


def test_an_installation_that_takes_too_long_is_said(
    process: PeerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_process, "_INSTALL_S", 0.2)
    with pytest.raises(VenueUnavailableError, match=r"sleep\(60\): stopped after 0\.2 s"):
        process._run([sys.executable, "-c", "import time; time.sleep(60)"])
