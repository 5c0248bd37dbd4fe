"""Turn one written value into the type its setting declares, exactly, or say what is expected.

Text and numbers are accepted alike, because the environment and the command line only have text
and the database keeps decimals as text. Nothing goes through binary floating point on its way to
a Decimal, and nothing is guessed: ``yes`` is not true and ``3.0`` is not a whole number.
"""

from __future__ import annotations

import math
from dataclasses import is_dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_origin

from trading.base.domain.numbers import decimal_number, real_number, whole_number

MOST_PLACES = 18  # what the database keeps
MOST_DIGITS = 20  # before the point
MOST_TEXT = 500  # signs


def scalar_parse(raw: Any, kind: Any) -> Any:
    """Return ``raw`` as ``kind``: bool, int, float, Decimal, str, an enum or a tuple of text.

    Raises:
        ValueError: the message is what was expected instead.
    """
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _enum(raw, kind)
    if get_origin(kind) is tuple:
        return _words(raw)
    return _PARSERS[kind](raw)


def kind_text(kind: Any) -> str:
    """Return what a person would call the kind of value."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(member.value for member in kind)
    if get_origin(kind) is tuple:
        return "a list of text"
    if get_origin(kind) is dict:
        word, *rest = kind_text(get_args(kind)[1]).removeprefix("a ").split(" ")
        return " ".join(["a map of names to", f"{word}s", *rest])
    return "a section" if is_dataclass(kind) else _WORDS[kind]


def shown(raw: Any) -> str:
    """Return a written value for a message, text in quotes and never too long."""
    text = repr(raw) if isinstance(raw, str) else str(raw)
    if raw is None:
        text = "empty"
    elif isinstance(raw, bool):
        text = str(raw).lower()
    return text if len(text) <= 80 else f"{text[:77]}..."


def _bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word not in {"true", "false"}:
        raise ValueError("true or false")
    return word == "true"


def _int(raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    return whole_number(raw if isinstance(raw, str) else "")


def _decimal(raw: Any) -> Decimal:
    text = ""
    if isinstance(raw, str):
        text = raw
    elif isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        text = repr(raw) if isinstance(raw, float) else str(raw)
    number = decimal_number(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MOST_PLACES or number.adjusted() > MOST_DIGITS:
        raise ValueError(
            f"a number of at most {MOST_DIGITS} digits and {MOST_PLACES} decimal places"
        )
    return number


def _float(raw: Any) -> float:
    if isinstance(raw, float) and math.isfinite(raw):
        return raw
    is_written = isinstance(raw, str | int | Decimal) and not isinstance(raw, bool)
    number = real_number(str(raw) if is_written else "")
    if not math.isfinite(number):
        raise ValueError("a number")
    return number


def _str(raw: Any) -> str:
    if isinstance(raw, str) and raw.isprintable() and len(raw) <= MOST_TEXT:
        return raw
    expected = (
        f"one line of at most {MOST_TEXT} signs" if isinstance(raw, str) else "text in quotes"
    )
    raise ValueError(expected)


def _enum(raw: Any, kind: type[StrEnum]) -> StrEnum:
    word = raw.strip() if isinstance(raw, str) else raw
    for member in kind:
        if member.value == word:
            return member
    raise ValueError(kind_text(kind))


def _words(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        return tuple(word.strip() for word in raw.split(",") if word.strip())
    if not isinstance(raw, list | tuple) or not all(isinstance(word, str) for word in raw):
        raise ValueError("a list of text")
    return tuple(raw)


_PARSERS: dict[Any, Any] = {bool: _bool, int: _int, float: _float, Decimal: _decimal, str: _str}
_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    str: "text",
}
