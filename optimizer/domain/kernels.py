"""How the functions that see every bar are compiled.

A ``kernel`` is called from Python, a ``part`` only inside a kernel, where its code is put in place.
Neither counts references to its arrays. numba would count each time one is handed on, and a walk
that changes position four hundred times spent two thirds of its time on that. So a kernel makes no
array and returns none: its caller brings the room it writes into and holds all arrays while it
runs. A kernel that makes one anyway does not compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])
# numba leaves ``_nrt``, its counting of references, out of its type hints.
_UNCOUNTED: Final[dict[str, Any]] = {"cache": True, "_nrt": False}


def kernel(function: _Function) -> _Function:
    """Compile a function that Python calls; other threads run meanwhile."""
    return cast(_Function, njit(nogil=True, **_UNCOUNTED)(function))


def part(function: _Function) -> _Function:
    """Compile a function into the kernels that use it."""
    return cast(_Function, njit(inline="always", **_UNCOUNTED)(function))
