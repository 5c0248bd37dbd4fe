"""Real processes for browser tests: a Redis, an ASGI server, and a hand that feeds the desk."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from guardian.adapters.embedded_redis import redis_program

REPOSITORY = Path(__file__).resolve().parents[2]
START_BUDGET_S = 90.0


def free_port() -> int:
    """Return a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(check: Callable[[], bool], what: str, budget_s: float = START_BUDGET_S) -> None:
    """Wait for a process to be ready; say what did not come."""
    deadline = time.monotonic() + budget_s
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {budget_s} s")


def answers(url: str) -> bool:
    """Return True when the address answers at all."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def child_environment(data_dir: Path, **values: str) -> dict[str, str]:
    """Return the environment of a desk of its own; services of the test run are not inherited."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL"} and not name.startswith("GUARDIAN")
    }
    return {
        **kept,
        "GUARDIAN_DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        **values,
    }


class DeskServer:
    """One ASGI server with its own database and Redis, filled with the scene."""

    def __init__(self, migrated: Path) -> None:
        """Start both.

        Args:
            migrated: a SQLite file with every table, to be copied.
        """
        # a short path: a Unix socket's name may have about a hundred characters
        self.home = Path(tempfile.mkdtemp(prefix="desk-"))
        redis_socket = self.home / "redis.sock"
        self.environment = child_environment(self.home, REDIS_URL=f"unix://{redis_socket}")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._redis_socket = redis_socket
        self._web: subprocess.Popen[bytes] | None = None
        self.start_redis()
        try:
            shutil.copy(migrated, self.home / "guardian.sqlite3")
            self._python("-m", "tests.web.fill_database")
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start the web server, again if it was stopped."""
        self._web = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(self.port),
             "--no-proxy-headers", "--log-level", "warning"],
            cwd=REPOSITORY, env=self.environment,
        )  # fmt: skip
        wait_until(lambda: answers(f"{self.url}/healthz"), "the web server")

    def stop_web(self) -> None:
        """Kill the web server as a crash would."""
        if self._web is not None:
            self._web.kill()
            self._web.wait(timeout=10)

    def start_redis(self) -> None:
        """Start Redis, again if it was stopped."""
        socket = str(self._redis_socket)
        command = [redis_program(), "--port", "0", "--unixsocket", socket, "--save", ""]
        self._redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._redis_socket.exists, "the Redis socket")

    def stop_redis(self) -> None:
        """Kill Redis as a crash would."""
        self._redis.kill()
        self._redis.wait(timeout=10)
        self._redis_socket.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop everything and remove its data."""
        self.stop_web()
        self.stop_redis()
        shutil.rmtree(self.home, ignore_errors=True)

    def _python(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, *arguments], cwd=REPOSITORY, env=self.environment, check=True
        )


class Feeder:
    """Writes facts into the server's database and publishes them, as stream and session do."""

    def __init__(self, server: DeskServer, module: str = "tests.web.desk_feeder") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=REPOSITORY, env=server.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def do(self, act: str, **values: Any) -> dict[str, Any]:
        """Do one act and return what was written."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"act": act, **values}) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate(timeout=10)
