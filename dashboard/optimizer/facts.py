"""Write stored JSON facts as terms and descriptions: units from the names, digests shortened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from trading.base.selectors.figures import GROUP, MISSING, count_text, plain_text, quantity_text

_UNITS: Final = {
    "s": "s", "ms": "ms", "us": "µs", "mb": "MiB", "pct": "%", "days": "d", "bars": "bars",
}  # fmt: skip
_DIGEST: Final = re.compile(r"[0-9a-f]{40,64}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")
_DIGEST_SHOWN: Final = 12
_CHOSEN: Final = frozenset({"holdout_share", "prune_share", "trade_size"})  # not measured: whole
_SHARE_WORDS: Final = ("share", "utilisation", "efficiency")


class Fact(NamedTuple):
    """A term, its description, and the whole text where the description is shortened."""

    term: str
    text: str
    whole: str = ""


def facts_list(values: Mapping[str, Any], unit: str = "") -> list[Fact]:
    """Return the facts of a JSON object in its order, empty ones left out.

    Args:
        values: the object; an object in it is written as ``outer: inner``.
        unit: of numbers whose own name says none.
    """
    found: list[Fact] = []
    for name, value in values.items():
        if value in ("", None, [], {}):
            continue
        term, own = _term(name)
        if isinstance(value, Mapping):
            inner = facts_list(value, own)
            found += [Fact(f"{term}: {fact.term}", fact.text, fact.whole) for fact in inner]
        else:
            found.append(_fact(term, own or unit, name, value))
    return found


def _term(name: str) -> tuple[str, str]:
    name = name.removeprefix("n_")
    words, _, last = name.rpartition("_")
    if words and last in _UNITS:
        return words.replace("_", " "), _UNITS[last]
    return name.replace("_", " "), ""


def _fact(term: str, unit: str, name: str, value: Any) -> Fact:
    if isinstance(value, bool):
        return Fact(term, "yes" if value else "no")
    if isinstance(value, int | float):
        return Fact(term, _number(name, unit, value))
    if isinstance(value, list):
        texts = [_number(name, unit, v) if _is_number(v) else str(v) for v in value]
        return Fact(term, ", ".join(texts))
    text = str(value)
    if _DIGEST.fullmatch(text):
        return Fact(term, text[:_DIGEST_SHOWN], text)
    if _MOMENT.fullmatch(text):
        return Fact(term, f"{text[:10]} {text[11:19]} UTC")
    return Fact(term, text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(name: str, unit: str, value: float) -> str:
    if not unit and name.endswith(_SHARE_WORDS):
        places = 1 if name not in _CHOSEN else 6
        return plain_text(100 * value, places) + f"{GROUP}%"
    if name in _CHOSEN:
        return quantity_text(value)
    if name == "seed":
        return str(value)  # an id, not an amount
    text = count_text(value) if isinstance(value, int) else plain_text(value, 3)
    return f"{text}{GROUP}{unit}" if unit and text != MISSING else text
