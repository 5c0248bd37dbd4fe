"""A real Celery worker of the queue sweeps, to be killed at will, and a broker to reach it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from celery import Celery
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "guardian:"


def database_url() -> str:
    """Return the URL of the test database this process uses."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].rpartition("/")[0] + "/" + name


def broker_of(redis_url: str) -> Celery:
    """Return an application that speaks with the workers and is nobody else's default."""
    scheme = "redis+socket://" if redis_url.startswith("unix://") else "redis://"
    app = Celery(broker=scheme + redis_url.split("://", 1)[1], set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": PREFIX, "socket_timeout": 5}
    return app


class SweepWorker:
    """One worker in a data directory of its own, started again when it ends, as ``up`` does.

    One whose broker dies while it gives messages back ends by itself.
    """

    def __init__(
        self,
        folder: Path,
        *,
        redis_url: str,
        database: str,
        concurrency: int = 3,
        prefix: Sequence[str] = (),
        include: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start it.

        Args:
            folder: its data directory.
            redis_url, database: where they are.
            concurrency: tasks at a time.
            prefix: words before the command, such as those of a namespace.
            include: a module it loads as well.
            environ: added to this process's.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._command = [
            *prefix, sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "sweeps",
            "--pool", "threads", "--concurrency", str(concurrency), "--loglevel", "INFO",
            "--hostname", f"sweeps@{folder.name}", "--without-gossip", "--without-mingle",
            *(("-I", include) if include else ()),
        ]  # fmt: skip
        self._environ = dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "GUARDIAN_DATA_DIR": str(folder),
            "REDIS_URL": redis_url,
            "DATABASE_URL": database,
            **(environ or {}),
        }
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.open()

    def open(self) -> None:
        """Start it, also after ``close``."""
        self._closed.clear()
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        while not self._closed.wait(0.1):
            with self._lock:
                if self._process.poll() is not None:
                    self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "worker.log").open("ab") as log:  # kept by pytest when a test fails
            return subprocess.Popen(
                self._command, cwd=ROOT, env=self._environ, stdout=log, stderr=log
            )

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def log(self) -> str:
        """Return what it said."""
        return (self.folder / "worker.log").read_text()

    def evaluators(self) -> list[int]:
        """Return its evaluating processes."""
        command = ["pgrep", "-P", str(self._process.pid), "-f", "spawn_main"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def restart(self) -> bool:
        """Kill it as a crash would, then start it again; False where it had ended by itself."""
        with self._lock:
            self._process.kill()
            is_killed = self._process.wait() == -signal.SIGKILL
            self._process = self._start()
        return is_killed

    def close(self) -> None:
        """Stop it as a person would."""
        self._closed.set()
        self._keeper.join()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
