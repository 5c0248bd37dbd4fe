"""End a process when its parent ends, so that a killed supervisor leaves no orphans behind.

As a program, ``python -m guardian.adapters.parent_bond COMMAND ...`` binds itself and then becomes
the command. Linux has this in its kernel and keeps it over the change of program; elsewhere a
supervisor that is killed leaves its children to the next ``up``, which finds and stops them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def bind_to_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send us the signal when the parent dies; does nothing outside Linux."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel knew
        os.kill(os.getpid(), number)


if __name__ == "__main__":
    bind_to_parent()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - becoming the command is the point
