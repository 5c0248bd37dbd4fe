"""Run the evaluator's peers by an interpreter that has their packages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from optimizer.adapters import peer_script
from optimizer.ports.peers import PeerFigures, PeerJob, PeerRound
from trading.base.adapters.peer_process import PeerProcess

PACKAGES: Final = ("numpy", "pandas", "numba", "vectorbt==1.2.0", "backtesting==0.6.6")


class PeerEnvironment:
    """The peers of ``bench evaluator``, in an environment below ``root``."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        """Remember where; ``say`` tells a person about work that takes a while."""
        self.process = PeerProcess(root, PACKAGES, say)

    @contextmanager
    def rounds(self, job: PeerJob) -> Iterator[PeerRound]:
        """Run the peer script in its own interpreter, one line of figures for each round.

        Raises:
            VenueUnavailableError: the environment cannot be made, or the script did not answer.
        """
        self.process.install()  # what is missing says so itself, as the reason of its figures
        with tempfile.TemporaryDirectory(prefix="guardian-peers-") as name:
            folder = Path(name)
            np.save(folder / "bars.npy", job.values)
            rest = {"fee": job.fee, "cash": job.cash, "seconds": job.seconds}
            rules = {rule: [list(pair) for pair in pairs] for rule, pairs in job.rules.items()}
            (folder / "job.json").write_text(json.dumps(rest | {"rules": rules}))
            with self.process.asking(Path(peer_script.__file__), folder) as ask:
                yield lambda: [PeerFigures(**row) for row in json.loads(ask())]
