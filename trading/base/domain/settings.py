"""One setting: its default, its words, its unit and its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any

Bound = float | Decimal | None


def setting(default: Any, doc: str, unit: str = "", low: Bound = None, high: Bound = None) -> Any:
    """Return a dataclass field that carries its one-line doc, its unit and its inclusive range.

    A ``default`` that can be called (a class, a function) is used as the default factory.
    """
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def range_text(metadata: Mapping[str, Any]) -> str:
    """Return the allowed range in words, such as ``0 to 100 %``; empty when there is none."""
    low, high, unit = metadata.get("low"), metadata.get("high"), metadata.get("unit", "")
    if low is None and high is None:
        return ""
    if high is None:
        return f"at least {low} {unit}".strip()
    if low is None:
        return f"at most {high} {unit}".strip()
    return f"{low} to {high} {unit}".strip()


def is_in_range(value: Any, metadata: Mapping[str, Any]) -> bool:
    """Return whether the value lies in the field's range; NaN never does."""
    low, high = metadata.get("low"), metadata.get("high")
    return (low is None or value >= low) and (high is None or value <= high)


def check_ranges(section: Any) -> None:
    """Refuse a section with a value outside the range its field declares.

    Raises:
        ValueError: naming the field, its value and the range.
    """
    for name, spec in section.__dataclass_fields__.items():
        value = getattr(section, name)
        if not is_in_range(value, spec.metadata):
            raise ValueError(f"{name} was {value}; expected {range_text(spec.metadata)}")
