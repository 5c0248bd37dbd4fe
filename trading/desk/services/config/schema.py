"""The settings there are, read off the dataclasses that hold them: nothing is declared twice.

``trading.desk.domain.config.DeskConfig`` is the root. A field is either a section (another
dataclass) or a setting; a setting's doc, unit and range are the field's metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from trading.base.domain.settings import range_text
from trading.desk.domain.config import DeskConfig
from trading.desk.services.config.scalars import kind_text

# what a change of settings waits for, by where they stand
COUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "policy": "from the next bar of running sessions on (a file once it rested for a second)",
        "bots.installed": "within seconds, each bot in a session of its own",
        "everything else": "when a session or feed is opened",
    }
)


def counts_when(path: str) -> str:
    """Return when a change of the setting counts, in words."""
    section = next((s for s in COUNTS if path == s or path.startswith(f"{s}.")), "everything else")
    return COUNTS[section]


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One setting: where it lives and what it may be."""

    path: str  # dotted, such as policy.savings.ratio
    kind: Any  # its type
    metadata: Mapping[str, Any]
    default: Any

    @property
    def section(self) -> str:
        """Return the path of the section that holds it; empty at the root."""
        return self.path.rpartition(".")[0]

    @property
    def doc(self) -> str:
        """Return what the setting does, in one line."""
        return str(self.metadata.get("doc", ""))

    @property
    def unit(self) -> str:
        """Return the unit, empty when there is none."""
        return str(self.metadata.get("unit", ""))

    @property
    def is_map(self) -> bool:
        """Return whether the setting is a map with free names."""
        return get_origin(self.kind) is dict

    @property
    def is_list(self) -> bool:
        """Return whether the setting is a list."""
        return get_origin(self.kind) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the allowed words of a choice or switch, empty for anything else."""
        if self.kind is bool:
            return ("true", "false")
        if isinstance(self.kind, type) and issubclass(self.kind, StrEnum):
            return tuple(member.value for member in self.kind)
        return ()

    @property
    def expected(self) -> str:
        """Return in words what the setting accepts, range and unit included."""
        limits = range_text(self.metadata)
        return f"{kind_text(self.kind)}, {limits}" if limits else kind_text(self.kind)


@cache
def setting_list(root: type = DeskConfig) -> tuple[SettingSpec, ...]:
    """Return every setting below ``root`` in the order of the source."""
    return tuple(_walk(root, ""))


@cache
def setting_index() -> Mapping[str, SettingSpec]:
    """Return every setting of the desk by its dotted path."""
    return {spec.path: spec for spec in setting_list()}


@cache
def section_docs() -> Mapping[str, str]:
    """Return the first docstring line of every section by its dotted path."""
    return dict(_sections(DeskConfig, ""))


@cache
def type_hints(section: type) -> Mapping[str, Any]:
    """Return the resolved types of a section's fields."""
    return get_type_hints(section)


def encode(value: Any, kind: Any, *, decimal_text: Callable[[Decimal], str] = str) -> Any:
    """Return a typed value as JSON-ready data: decimals as text, tuples as lists.

    The declared type decides, so that a whole number in a float field is always a float.
    """
    if is_dataclass(kind):
        hints = type_hints(cast(type, kind))
        return {
            name: encode(getattr(value, name), hint, decimal_text=decimal_text)
            for name, hint in hints.items()
        }
    if get_origin(kind) is dict:
        inner = get_args(kind)[1]
        return {
            name: encode(value[name], inner, decimal_text=decimal_text) for name in sorted(value)
        }
    if get_origin(kind) is tuple:
        return list(value)
    if kind is Decimal:
        return decimal_text(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return str(value.value)
    return kind(value)


def _walk(section: Any, prefix: str) -> Iterator[SettingSpec]:
    hints = type_hints(section)
    for item in fields(section):
        kind = hints[item.name]
        if is_dataclass(kind):
            yield from _walk(kind, f"{prefix}{item.name}.")
        else:
            yield SettingSpec(f"{prefix}{item.name}", kind, item.metadata, _default(item))


def _sections(section: Any, prefix: str) -> Iterator[tuple[str, str]]:
    yield prefix.rstrip("."), (section.__doc__ or "").splitlines()[0]
    hints = type_hints(section)
    for item in fields(section):
        if is_dataclass(hints[item.name]):
            yield from _sections(hints[item.name], f"{prefix}{item.name}.")


def _default(item: Field[Any]) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default
