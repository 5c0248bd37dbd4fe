"""Say what objectives mean, and which of them are one formula under several names."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Final

from optimizer.domain.objectives import OBJECTIVES

_NUMBERS: Final = {2: "two", 3: "three", 4: "four"}


def objective_meaning(name: str) -> str:
    """Return the first line of the objective's own description, as a sentence."""
    described = (inspect.getdoc(OBJECTIVES[name]) or "").partition("\n")[0]
    text = described.removeprefix("Return ")
    return text[:1].upper() + text[1:]


def same_formulas(names: Sequence[str]) -> list[str]:
    """Return a sentence for every formula that stands under more than one of ``names``."""
    by_formula: dict[object, list[str]] = {}
    for name in names:
        by_formula.setdefault(OBJECTIVES[name], []).append(name)
    return [
        f"{', '.join(same[:-1])} and {same[-1]} are one formula under "
        f"{_NUMBERS.get(len(same), len(same))} published names: they always agree."
        for same in by_formula.values()
        if len(same) > 1
    ]
