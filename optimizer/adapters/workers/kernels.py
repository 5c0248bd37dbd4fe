"""Compile the optimizer's kernels once for all processes of a machine, and say so meanwhile."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final

from optimizer.adapters.workers.bond import bound_start

_WARM: Final = "optimizer.domain.evaluator.warm:kernels_warm"
COMPILING: Final = "compiling kernels: once after an installation or upgrade, about a minute"


def mark_path(folder: Path, version: str) -> Path:
    """Return the file that says that the kernels of this version are in the cache ``folder``."""
    return folder / f"optimizer-{blake2b(version.encode(), digest_size=8).hexdigest()}.compiled"


def kernels_compiled(folder: Path, version: str, say: Callable[[str], object]) -> bool:
    """Return whether the kernels are in the cache, after compiling them where they were not.

    One process compiles, others wait for it; when it dies, the next one goes on with what is
    already there. A compilation that fails is not told here: whoever needs the kernel will.

    Args:
        folder: the kernel cache.
        version: of the code and what compiles it.
        say: takes a line for a person, when it takes a while.
    """
    mark = mark_path(folder, version)
    if mark.exists():
        return True
    say(COMPILING)
    with (folder / "compiling.lock").open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # released by the kernel when the process dies
        if mark.exists() or kernels_warm_apart():
            mark.touch()
    return mark.exists()


def kernels_warm_apart() -> bool:
    """Compile or load every kernel in a process of its own, whose memory goes with it."""
    process = bound_start("optimizer-warm", _WARM)
    process.join()
    return process.exitcode == 0
