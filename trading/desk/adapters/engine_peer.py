"""nautilus_trader in an environment of its own, for ``bench core``."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from trading.base.adapters.peer_process import PeerProcess
from trading.base.domain.errors import VenueUnavailableError
from trading.desk.ports.peers import EngineRun
from trading.market.domain.bars import BarArrays

SCRIPT: Final = Path(__file__).with_name("engine_peer_script.py")  # imports what is not ours
PACKAGE: Final = "nautilus_trader==1.221.0"
_FEE: Final = 0.001  # as the desk's policy reckons
_CASH: Final = 1000.0  # what a bot buys for
_MS_PER_MINUTE: Final = 60_000


class NautilusPeer:
    """nautilus_trader's backtest engine with three bots a pair."""

    name = PACKAGE.replace("==", " ")
    note = (
        "measured by turns in this run: three bots a pair, two crossings of averages and a "
        "breakout, each entry with a protective stop order; no forecast, no shared limits, no "
        "record of decisions"
    )

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        """Remember where its packages go; ``say`` tells a person about work that takes a while."""
        self.process = PeerProcess(root, (PACKAGE,), say)

    @contextmanager
    def runs(
        self, series: Mapping[str, BarArrays], *, step_ms: int
    ) -> Iterator[Callable[[], EngineRun]]:
        """Start it on these bars; see ``EnginePeer``."""
        for reason in self.process.install().values():
            raise VenueUnavailableError(reason)
        with tempfile.TemporaryDirectory(prefix="guardian-peers-") as name:
            folder = Path(name)
            for n, bars in enumerate(series.values()):
                np.save(folder / f"times{n}.npy", bars.open_time)
                np.save(folder / f"values{n}.npy", bars.values)
            minutes = step_ms // _MS_PER_MINUTE
            job = {"pairs": list(series), "fee": _FEE, "cash": _CASH, "minutes": minutes}
            (folder / "job.json").write_text(json.dumps(job))
            with self.process.asking(SCRIPT, folder) as ask:
                yield lambda: EngineRun(**json.loads(ask()))
