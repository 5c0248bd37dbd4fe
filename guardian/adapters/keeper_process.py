"""Start supervisord as our child and see it to its end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class KeeperProcess:
    """The supervisor's own process, in a session of its own.

    Ctrl-C on a terminal reaches only ``up``, which then stops everything in order.
    """

    def __init__(
        self,
        *,
        launcher: tuple[str, ...],
        config: Path,
        base_dir: Path,
        environ: Mapping[str, str],
        log: Path,
    ) -> None:
        program = (sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config))
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                (*launcher, *program),
                cwd=base_dir,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def has_ended(self) -> bool:
        """Return True once the process is gone."""
        return self._process.poll() is not None

    def terminate(self) -> None:
        """Ask it to end, in case it no longer answers on its socket."""
        self._process.terminate()

    def kill(self) -> None:
        """End it the hard way; its children are bound to it and end too."""
        self._process.kill()
        self._process.wait()
