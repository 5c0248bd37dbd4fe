"""Metrics and log events are declared once, used as declared, and there are no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading.base.domain import events, metrics
from trading.base.domain.events import EVENTS, LogEvent
from trading.base.domain.metrics import METRICS, Metric, MetricKind

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "dashboard", "guardian", "optimizer", "trading")
MAKERS = {  # where the libraries themselves are used
    "prometheus_client": {"trading/base/adapters/prometheus.py"},
    "structlog": {"trading/base/services/event_log.py", "config/settings/logging.py"},
    "logging": set[str](),
}
DECLARED = {"trading/base/domain/events.py", "trading/base/domain/metrics.py"}
METHODS = {"say": 0, "count": 0, "level": 0}  # which argument is the event or metric


def product() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "migrations" not in path.parts and name not in DECLARED:
                yield name, ast.parse(path.read_text(encoding="utf-8"))


TREES = dict(product())
CONSTANTS = {
    name: value
    for module in (events, metrics)
    for name, value in vars(module).items()
    if isinstance(value, LogEvent | Metric)
}


def uses(tree: ast.Module) -> Iterator[tuple[list[str], set[str]]]:
    """Yield the constants one call may pass on, and the fields or labels it names."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in METHODS or not node.args:
            continue
        named = [n.id for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)]
        known = [name for name in named if name in CONSTANTS]
        if known:
            yield known, {word.arg or "**" for word in node.keywords} - {"error", "amount"}


def names_of(item: LogEvent | Metric) -> set[str]:
    return set(item.fields if isinstance(item, LogEvent) else item.labels)


def test_every_declared_name_is_used_somewhere() -> None:
    used = {name for tree in TREES.values() for known, _ in uses(tree) for name in known}
    assert set(CONSTANTS) - used == set()


def test_every_use_names_exactly_what_is_declared() -> None:
    wrong = [
        f"{path}: {name} is given {sorted(given)}, declared are {sorted(names_of(CONSTANTS[name]))}"
        for path, tree in TREES.items()
        for known, given in uses(tree)
        for name in known
        if given - {"value"} != names_of(CONSTANTS[name])
    ]
    assert wrong == []


@pytest.mark.parametrize("library", MAKERS)
def test_nothing_is_measured_or_logged_beside_the_registry(library: str) -> None:
    found = {
        path
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(a.name == library for a in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == library and not node.level)
    }
    assert found == MAKERS[library]


def test_names_are_unique_and_say_their_kind() -> None:
    assert set(METRICS) == {v for v in CONSTANTS.values() if isinstance(v, Metric)}
    assert set(EVENTS) == {v for v in CONSTANTS.values() if isinstance(v, LogEvent)}
    for items in (METRICS, EVENTS):
        assert len({item.name for item in items}) == len(items)
    for metric in METRICS:
        assert re.fullmatch(r"guardian(_[a-z]+)+", metric.name), metric.name
        assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER), metric.name
        assert metric.unit
    for event in EVENTS:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event.name), event.name


def test_help_is_one_sentence() -> None:
    for item in (*METRICS, *EVENTS):
        assert re.fullmatch(r"[A-Z][^\n]*\.", item.help), item.name
