"""A stop reaches every child of a worker, whatever happened to the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.conftest import REPOSITORY

# A program of its own, because a stop cannot be taken back.
PROGRAM = """
import os, time
from trading.base.adapters.worker_drain import drain, is_draining

def child():
    pid = os.fork()
    if pid == 0:
        while not is_draining():
            pass
        os._exit(7)
    return pid

last = child()
for _ in range(60):
    pid = child()
    time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
drain()
print(os.waitstatus_to_exitcode(os.waitpid(last, 0)[1]))
"""


def test_children_killed_while_they_asked_do_not_keep_the_stop_from_the_others() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        out, _ = program.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        program.communicate()
        raise
    assert out.strip() == "7"
