"""Keep the peers' packages in a virtual environment of their own and run the peer script there."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

import numpy as np

from optimizer.adapters import peer_script
from optimizer.ports.peers import PeerFigures, PeerJob, PeerRound
from trading.base.domain.errors import VenueUnavailableError

PACKAGES: Final = ("vectorbt==1.2.0", "backtesting==0.6.6")
_INSTALL_S: Final = 900
_ROUND_S: Final = 600


class PeerEnvironment:
    """Peers in ``root``; installed once per set of packages, from the package index.

    What could not be installed is tried again the next time.
    """

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        """Remember where; ``say`` tells a person about work that takes a while."""
        name = hashlib.blake2b(" ".join((sys.version, *PACKAGES)).encode(), digest_size=6)
        self._folder = root / f"peers-{name.hexdigest()}"
        self._say = say

    @contextmanager
    def rounds(self, job: PeerJob) -> Iterator[PeerRound]:
        """Run the peer script in its own interpreter, one line of figures for each round.

        Raises:
            VenueUnavailableError: the environment cannot be made, or the script did not answer.
        """
        python = self._interpreter()
        with tempfile.TemporaryDirectory(prefix="guardian-peers-") as name:
            folder = Path(name)
            np.save(folder / "bars.npy", job.values)
            rest = {"fee": job.fee, "cash": job.cash, "seconds": job.seconds}
            rules = {rule: [list(pair) for pair in pairs] for rule, pairs in job.rules.items()}
            (folder / "job.json").write_text(json.dumps(rest | {"rules": rules}))
            with (folder / "errors").open("w+") as errors:
                script = subprocess.Popen(
                    [python, str(Path(peer_script.__file__)), name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
                try:
                    yield lambda: _round(script, errors)
                finally:
                    script.kill()
                    script.communicate()

    def _interpreter(self) -> str:
        python = self._folder / "bin" / "python"
        ready = self._folder / "ready"
        if ready.exists():
            return str(python)
        self._say(f"installing {', '.join(PACKAGES)} into {self._folder}")
        self._run([sys.executable, "-m", "venv", "--clear", str(self._folder)])
        # One by one: when one has no build for this Python, the others still run.
        every = ("numpy", "pandas", "numba", *PACKAGES)
        missing = [package for package in every if not self._installs(python, package)]
        if not missing:
            ready.touch()  # else tried again the next time: perhaps the network was away
        return str(python)

    def _installs(self, python: Path, package: str) -> bool:
        try:
            self._run([str(python), "-m", "pip", "install", "-q", package])
        except VenueUnavailableError as error:
            self._say(str(error))
            return False
        return True

    def _run(self, command: list[str]) -> None:
        shown = " ".join(command[-3:])
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_INSTALL_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise VenueUnavailableError(f"{shown}: stopped after {_INSTALL_S} s") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise VenueUnavailableError(f"{shown}: {last}")


def _round(script: subprocess.Popen[str], errors: IO[str]) -> Sequence[PeerFigures]:
    """Ask for one round and return its figures; a script that is silent too long is killed."""
    asked, answered = cast(IO[str], script.stdin), cast(IO[str], script.stdout)
    silent = threading.Event()

    def stop() -> None:
        silent.set()
        script.kill()

    limit = threading.Timer(_ROUND_S, stop)
    limit.start()
    try:
        asked.write("round\n")
        asked.flush()
        line = answered.readline()
    except BrokenPipeError:
        line = ""
    finally:
        limit.cancel()
    if not line:
        errors.seek(0)
        said = errors.read().strip()[-300:] or "they said nothing"
        why = f"were stopped after {_ROUND_S} s without an answer" if silent.is_set() else "stopped"
        raise VenueUnavailableError(f"the peers {why}: {said}")
    return [PeerFigures(**row) for row in json.loads(line)]
