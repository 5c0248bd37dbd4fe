"""The manifest of systems: every strategy the optimizer can evaluate, by name.

``PUBLISHED`` are the eleven of the original; the others are extras. Adding one means a strategy
file, a scan, and a line here.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Final

from optimizer.domain.systems import breakout, crash, donchian, holds, hybrid, revert, trend
from optimizer.domain.systems.base import System
from trading.base.domain.errors import BadInputError

_ALL: Final = (
    *holds.SYSTEMS,
    *donchian.SYSTEMS,
    *trend.SYSTEMS,
    *breakout.SYSTEMS,
    *revert.SYSTEMS,
    *hybrid.SYSTEMS,
    *crash.SYSTEMS,
)
EXTRAS: Final = ("csma_range_revert",)
SYSTEMS: Final[Mapping[str, System]] = {system.name: system for system in _ALL}
PUBLISHED: Final = tuple(name for name in SYSTEMS if name not in EXTRAS)


def system_get(name: str) -> System:
    """Return the system called ``name``.

    Raises:
        BadInputError: there is none; the message offers the nearest name.
    """
    if name in SYSTEMS:
        return SYSTEMS[name]
    near = difflib.get_close_matches(name, SYSTEMS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(SYSTEMS)}"
    raise BadInputError(f"strategy was {name!r}; {hint}")


def systems_parse(names: Sequence[str]) -> tuple[System, ...]:
    """Return the systems asked for; ``all`` means the published ones.

    Raises:
        BadInputError: a name is unknown, ``all`` stands beside others, or there is none.
    """
    wanted = PUBLISHED if set(names) == {"all"} else tuple(dict.fromkeys(names))
    if not wanted:
        raise BadInputError(f"no strategy was given; expected all or some of {', '.join(SYSTEMS)}")
    if "all" in wanted:
        raise BadInputError(
            "strategy was 'all' beside others; expected all alone, the "
            f"{len(PUBLISHED)} published ones, or some of {', '.join(SYSTEMS)}"
        )
    return tuple(system_get(name) for name in wanted)
