"""Write numbers the way people read them: signs, thin spaces between thousands, a dash for none.

Every cell keeps the value it is sorted by, so that sorting never depends on how it is written.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

from optimizer.domain.luck.verdict import LuckVerdict
from trading.base.selectors.figures import MINUS, MISSING, percent_text

THIN: Final = "\u202f"
NONE: Final = "–"
_POWER_FROM: Final = 1e12
# what a verdict sorts by, and its tone
_VERDICT: Final = {
    LuckVerdict.EXPLAINED: ("1", "luck"),
    LuckVerdict.NOT_PROVEN: ("2", "open"),
    LuckVerdict.SURVIVES: ("3", "sound"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the text, the value it sorts by (empty sorts last), a tone, and a longer text."""

    text: str
    key: str = ""
    tone: str = ""
    more: str = ""
    is_number: bool = False


def number(value: float | None, digits: int = 2, *, signed: bool = False) -> Cell:
    """Return a number; None, NaN and infinities are a dash.

    Astronomical ones, as a ratio to a drawdown of nearly nothing, are a power of ten.
    """
    if value is None or not math.isfinite(value):
        return Cell(NONE, is_number=True)
    shown = float(f"{value:.{digits}f}")  # a sign before 0.00 would say nothing
    text = f"{abs(shown):,.{digits}f}".replace(",", THIN)
    if abs(shown) >= _POWER_FROM:
        mantissa, _, exponent = f"{abs(shown):.4e}".partition("e")
        text = f"{mantissa} × 10^{int(exponent)}"
    sign = MINUS if shown < 0 else "+" if signed and shown > 0 else ""
    return Cell(sign + text, repr(float(value)), _tone(sign) if signed else "", "", True)


def percent(value: float | None, *, signed: bool = True) -> Cell:
    """Return a percentage as every page of the desk writes it, signed unless it is a share."""
    text = MISSING if value is None else percent_text(float(value), signed=signed)
    if value is None or text == MISSING:
        return Cell(NONE, is_number=True)
    return Cell(text, repr(float(value)), _tone(text[0]) if signed else "", "", True)


def _tone(sign: str) -> str:
    return {MINUS: "down", "+": "up"}.get(sign, "")


def count(value: float | None) -> Cell:
    """Return a whole number."""
    return number(value, 0)


def identity(trial: int) -> Cell:
    """Return the number a trial is known by, never grouped: people copy it and look for it."""
    return Cell(str(trial), str(trial), is_number=True)


def words(text: str, more: str = "") -> Cell:
    """Return text that sorts by itself."""
    return Cell(text, text, more=more)


def parameters(params_json: str) -> Cell:
    """Return how many parameters there are, with each on its own line behind it."""
    params = json.loads(params_json)
    lines = "\n".join(f"{name} {value:.6g}" for name, value in params.items())
    label = f"{len(params)} values" if len(params) != 1 else "1 value"
    return Cell(label if params else "none", str(len(params)), more=lines)


def verdict(found: LuckVerdict | None, reasons: tuple[str, ...] = ()) -> Cell:
    """Return what scrutiny made of a trial, the reasons behind it."""
    if found is None:
        return Cell("not examined", "")
    key, tone = _VERDICT[found]
    return Cell(found.words, key, tone, "\n".join(reasons))
