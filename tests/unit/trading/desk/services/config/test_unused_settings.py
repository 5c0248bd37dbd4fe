"""No setting is decoration: each one is read somewhere outside the configuration itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading.desk.services.config.schema import setting_list

REPOSITORY = Path(__file__).resolve().parents[6]
ROOTS = ("trading", "guardian", "dashboard")
CONFIGURATION = (
    "trading/desk/services/config/",
    "trading/desk/admin/config",
    "trading/desk/domain/config.py",
    "trading/desk/domain/policy.py",
    "trading/desk/management/commands/config.py",
)
# Names that mean many things: only a read from the section itself (x.venue.id, policy.enabled)
# counts for them.
COMMON = frozenset(
    {"id", "name", "enabled", "seed", "pairs", "token", "window", "params", "timeframe", "feed",
     "ratio", "history_bars", "bar_seconds", "sizing", "dust", "base_url", "strategies"}
)  # fmt: skip
ALLOWED: dict[str, str] = {}  # path: why nobody reads it


def reads(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (name of what is read from, attribute) of every attribute read in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            owner = node.value
            if isinstance(owner, ast.Attribute):
                yield owner.attr, node.attr
            elif isinstance(owner, ast.Name):
                yield owner.id, node.attr
            else:
                yield "", node.attr


def all_reads() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for root in ROOTS:
        for path in sorted((REPOSITORY / root).rglob("*.py")):
            relative = path.relative_to(REPOSITORY).as_posix()
            if not relative.startswith(CONFIGURATION) and "/migrations/" not in relative:
                found.update(reads(path))
    return found


READS = all_reads()


def is_read(path: str) -> bool:
    *parents, leaf = path.split(".")
    if leaf not in COMMON:
        return any(attribute == leaf for _, attribute in READS)
    owners = {parents[-1] if parents else "config", "policy", "config"}
    return any(attribute == leaf and owner in owners for owner, attribute in READS)


@pytest.mark.parametrize("path", [spec.path for spec in setting_list()])
def test_every_setting_is_read_by_something(path: str) -> None:
    assert is_read(path) != (path in ALLOWED)


def test_a_setting_that_nobody_reads_would_be_found() -> None:
    assert not is_read("policy.savings.colour_of_the_bank")


@pytest.mark.parametrize("spec", setting_list(), ids=lambda spec: spec.path)
def test_every_setting_says_what_it_does(spec: object) -> None:
    assert spec.doc, f"{spec.path} has no doc"  # type: ignore[attr-defined]
