"""A real Redis of the test's own, to be killed at will."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import redis

from guardian.adapters.embedded_redis import redis_program
from tests.waiting import wait_for


class RedisServer:
    """Listens on a Unix socket in the folder and keeps an append-only file, as the desk's does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [
                redis_program(), "--port", "0", "--unixsocket", str(self.socket),
                "--appendonly", "yes", "--dir", str(self._folder), "--save", "",
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = redis.Redis.from_url(self.url)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

        wait_for(answers, "an answer of Redis")
        client.close()
        return process

    def restart(self) -> bool:
        """Kill it as a crash would, then start it again; False where it had ended by itself."""
        self._process.kill()
        is_killed = self._process.wait() == -signal.SIGKILL
        self._process = self._start()
        return is_killed

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(10)
