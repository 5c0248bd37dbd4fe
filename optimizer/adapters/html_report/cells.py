"""Write numbers the way people read them: signs, thin spaces between thousands, a dash for none.

Every cell keeps the value it is sorted by, so that sorting never depends on how it is written.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

THIN: Final = "\u202f"
NONE: Final = "–"
_LABEL: Final = {True: "explained by luck", False: "survives", None: "not examined"}
_TONE: Final = {True: "luck", False: "sound", None: ""}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the text, the value it sorts by (empty sorts last), a tone, and a longer text."""

    text: str
    key: str = ""
    tone: str = ""
    more: str = ""
    is_number: bool = False


def number(value: float | None, digits: int = 2, *, signed: bool = False, unit: str = "") -> Cell:
    """Return a number with its unit; None, NaN and infinities are a dash."""
    if value is None or not math.isfinite(value):
        return Cell(NONE, is_number=True)
    shown = float(f"{value:.{digits}f}")  # a sign before 0.00 would say nothing
    text = f"{abs(shown):,.{digits}f}".replace(",", THIN)
    sign = "−" if shown < 0 else "+" if signed and shown > 0 else ""
    tone = {"−": "down", "+": "up"}.get(sign, "") if signed else ""
    return Cell(sign + text + (THIN + unit if unit else ""), repr(float(value)), tone, "", True)


def percent(value: float | None, *, signed: bool = True) -> Cell:
    """Return a percentage, signed unless it is a share; beyond 10 000 without decimals."""
    digits = 0 if value is not None and abs(value) >= 10_000 else 2
    return number(value, digits, signed=signed, unit="%")


def count(value: float | None) -> Cell:
    """Return a whole number."""
    return number(value, 0)


def words(text: str, more: str = "") -> Cell:
    """Return text that sorts by itself."""
    return Cell(text, text, more=more)


def parameters(params_json: str) -> Cell:
    """Return how many parameters there are, with each on its own line behind it."""
    params = json.loads(params_json)
    lines = "\n".join(f"{name} {value:.6g}" for name, value in params.items())
    label = f"{len(params)} values" if len(params) != 1 else "1 value"
    return Cell(label if params else "none", str(len(params)), more=lines)


def verdict(explained: bool | None, reasons: tuple[str, ...] = ()) -> Cell:
    """Return what scrutiny made of a trial, the reasons behind it."""
    key = {False: "2", True: "1", None: ""}[explained]
    return Cell(_LABEL[explained], key, _TONE[explained], "\n".join(reasons))
