"""Refuse a name that does not exist, and say which ones are near."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from trading.base.domain.errors import BadInputError

MOST_NEAR: Final = 3
AS_NEAR: Final = 0.08  # a name this much less alike than the nearest is still offered
MOST_KNOWN: Final = 12


def unknown_name(what: str, name: str, known: Iterable[str]) -> BadInputError:
    """Return the error for a ``name`` that is none of the ``known`` ones of its kind.

    Args:
        what: the kind, as ``strategy``.
        name: as it was given.
        known: those that exist.
    """
    names = sorted(set(known))
    by_folded = {each.casefold(): each for each in names}
    folded = name.casefold()
    near = difflib.get_close_matches(folded, by_folded, n=MOST_NEAR)
    if near:
        best = _alike(folded, near[0])
        close = sorted(near, key=lambda each: (-_alike(folded, each), each))
        names = [by_folded[each] for each in close if _alike(folded, each) >= best - AS_NEAR]
        hint = f"did you mean {' or '.join(map(repr, names))}?"
    elif names:
        more = f" and {len(names) - MOST_KNOWN} more" if len(names) > MOST_KNOWN else ""
        hint = f"known are {', '.join(names[:MOST_KNOWN])}{more}"
    else:
        hint = f"there is no {what} yet"
    return BadInputError(f"{what} was {name!r}, which is not known; {hint}")


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, one).ratio()
