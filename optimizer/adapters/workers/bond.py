"""Processes that end with the one that started them, whatever it died of and whatever they do.

The kernel kills a bound process when the *thread* that started it ends, so all are started by one
thread that lives as long as its process. A process binds itself before it imports anything that
takes long; until then it reads what to do from its parent, and a parent that died meanwhile is
noticed. Where the kernel knows no such bond a thread watches the parent instead.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1
_ORPHANED: Final = 70


def bound_start(name: str, target: str, *args: Any, pipe: Connection | None = None) -> SpawnProcess:
    """Start a spawned process that ends with this one, and return it.

    Args:
        name: of the process.
        target: ``module:function`` it calls, imported there once it is bound.
        args: given to the function, behind the pipe if there is one.
        pipe: its end of a pipe.
    """
    process = get_context("spawn").Process(
        target=_bound, args=(target, pipe, pickle.dumps(args)), name=name, daemon=True
    )
    _starter(os.getpid()).submit(process.start).result()
    return process


@cache
def _starter(_pid: int) -> ThreadPoolExecutor:
    # by process: a fork has the executor of its parent, but not the thread
    return ThreadPoolExecutor(1, thread_name_prefix="process-starter")


def _bound(target: str, pipe: Connection | None, args: bytes) -> None:
    _bind()
    module, _, name = target.partition(":")
    function: Callable[..., object] = getattr(import_module(module), name)
    function(*([] if pipe is None else [pipe]), *pickle.loads(args))  # noqa: S301 - our parent's


def _bind() -> None:
    parent = parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent.pid:  # it died before the kernel knew
            os._exit(_ORPHANED)
    threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(_ORPHANED)
