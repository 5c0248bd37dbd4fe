"""A study run by the real command in processes of its own, which are killed while it runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.db import connection

from optimizer.models import Study, Trial, TrialScores, WindowMetrics
from optimizer.selectors.keys import row_range, trial_range
from tests.fakes.redis_server import RedisServer
from tests.fakes.sweep_worker import database_url
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]


class Orchestrator:
    """The process of ``optimize run`` or ``optimize resume``."""

    def __init__(self, folder: Path, redis: RedisServer) -> None:
        self.folder, self.redis = folder, redis
        self.environ = dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "GUARDIAN_DATA_DIR": str(folder),
            "REDIS_URL": redis.url,
            "DATABASE_URL": database_url(),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        """Run ``optimize`` with these words; what it says is kept in the folder."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "optimize", *words],
                cwd=ROOT, env=self.environ, stdout=out, stderr=err,
            )  # fmt: skip

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def answer(self, within_s: float = 240.0) -> dict[str, Any]:
        """Return the JSON object it ends with."""
        assert self.process is not None
        code = self.process.wait(within_s)
        said = (self.folder / "err").read_text()
        assert code == 0, said[-3000:]
        found: dict[str, Any] = json.loads((self.folder / "out").read_text().splitlines()[-1])
        return found

    def workers(self) -> list[int]:
        """Return the evaluating processes."""
        assert self.process is not None
        command = ["pgrep", "-P", str(self.process.pid), "-f", "spawn_main"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def kill(self) -> bool:
        """Kill the process and reap it; False where it had ended by itself."""
        assert self.process is not None
        self.process.kill()
        return self.process.wait() == -signal.SIGKILL

    def kill_worker(self) -> bool:
        """Kill one evaluating process; False where there is none yet."""
        for pid in self.workers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            return True
        return False


def database_kill(seconds: float) -> bool:
    """Break every connection to the database but ours; False where there is none.

    SQLite has no connections to break, so it is locked instead, for longer than a batch takes.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return any(is_broken for (is_broken,) in cursor.fetchall())
        cursor.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        cursor.execute("ROLLBACK")
        return True


def study_newest() -> Study | None:
    """Return the study opened last."""
    return Study.objects.order_by("-pk").first()


def wait_for_trials(study_id: int, n_done: int, running: Orchestrator) -> None:
    """Return when so many trials are stored, or the process has ended."""
    wait_for(
        lambda: not running.is_running() or Study.objects.get(pk=study_id).n_done >= n_done,
        f"trial {n_done}",
        120.0,
        every_s=0.002,
    )


def rows(study_id: int) -> list[list[tuple[Any, ...]]]:
    """Return every stored result of a study but times and attempts, keys from zero."""
    trial_start = trial_range(study_id)["pk__gte"]
    row_start = row_range(study_id)["pk__gte"]

    def own(model: Any, start: int, span: dict[str, int], *names: str) -> list[tuple[Any, ...]]:
        found = model.objects.filter(**span).order_by("pk").values_list("pk", *names)
        return [
            (key - start, *(bytes(v) if isinstance(v, memoryview) else v for v in values))
            for key, *values in found
        ]

    trials, below = trial_range(study_id), row_range(study_id)
    names = ("number", "batch", "strategy", "params_json", "status", "error")
    return [
        own(Trial, trial_start, trials, *names),
        own(WindowMetrics, row_start, below, "window", "total_return_pct", "packed"),
        own(TrialScores, trial_start, trials, "steering", "packed"),
    ]
