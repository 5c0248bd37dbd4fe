"""Packages in a virtual environment of their own, and a script that is run there line by line.

For peers that are measured beside ours: they must not share our packages, nor our process. The
script is asked for one round with a line and answers with a line.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from trading.base.domain.errors import VenueUnavailableError

_INSTALL_S: Final = 900
_ROUND_S: Final = 600
Ask = Callable[[], str]


class PeerProcess:
    """``packages`` below ``root``; installed once per set of them, from the package index.

    What could not be installed is tried again the next time: perhaps the network was away.
    """

    def __init__(self, root: Path, packages: Sequence[str], say: Callable[[str], None]) -> None:
        """Remember where; ``say`` tells a person about work that takes a while."""
        name = hashlib.blake2b(" ".join((sys.version, *packages)).encode(), digest_size=6)
        self._folder = root / f"peers-{name.hexdigest()}"
        self._packages = packages
        self._say = say

    def install(self) -> dict[str, str]:
        """Install what is missing; return by package why it could not be.

        One by one: when one has no build for this Python, the others still run.

        Raises:
            VenueUnavailableError: not even the environment can be made.
        """
        ready = self._folder / "ready"
        if ready.exists():
            return {}
        self._say(f"installing {', '.join(self._packages)} into {self._folder}")
        self._run([sys.executable, "-m", "venv", "--clear", str(self._folder)])
        reasons = {package: self._lacking(package) for package in self._packages}
        lacking = {package: reason for package, reason in reasons.items() if reason}
        if not lacking:
            ready.touch()
        return lacking

    @property
    def python(self) -> str:
        """Return the interpreter of the environment."""
        return str(self._folder / "bin" / "python")

    @contextmanager
    def asking(self, script: Path, folder: Path) -> Iterator[Ask]:
        """Run ``script`` on ``folder``; what is yielded asks for one round and returns its line.

        Raises:
            VenueUnavailableError: the script did not answer.
        """
        with (folder / "errors").open("w+") as errors:
            process = subprocess.Popen(
                [self.python, str(script), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            try:
                yield lambda: _answer(process, errors)
            finally:
                process.kill()
                process.communicate()

    def _lacking(self, package: str) -> str:
        try:
            self._run([self.python, "-m", "pip", "install", "-q", package])
        except VenueUnavailableError as error:
            self._say(str(error))
            return str(error)
        return ""

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


def _answer(process: subprocess.Popen[str], errors: IO[str]) -> str:
    """Ask for one round and return its line; a script that is silent too long is killed."""
    asked, answered = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
    silent = threading.Event()

    def stop() -> None:
        silent.set()
        process.kill()

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
    return line
