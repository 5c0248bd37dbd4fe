"""Raw settings before they are typed: nested maps whose leaves know where they were written.

Merging follows four rules: maps merge key by key, everything else replaces, a key written
``+key`` appends its list to the list below it, and an empty map section changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from trading.desk.services.config.problems import Problem

APPEND = "+"


@dataclass(frozen=True, slots=True)
class Origin:
    """The layer a value came from and the place in it."""

    layer: str  # default, file, profile, site, database, environment, command line
    place: str  # config/desk.yaml:12, revision 7, a variable or an option; empty for defaults

    def __str__(self) -> str:
        return f"{self.layer} {self.place}" if self.place else self.layer


DEFAULT = Origin("default", "")


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar (str, int, bool, Decimal, float, None) or a list, as it was written."""

    raw: Any
    origin: Origin


Node: TypeAlias = "Value | Tree"
Tree: TypeAlias = dict[str, Node]


def tree_make(raw: Mapping[str, Any], origin: Origin) -> Tree:
    """Return nested plain maps as a tree, every leaf with the same origin."""
    return {key: node_make(value, origin) for key, value in raw.items()}


def node_make(raw: Any, origin: Origin) -> Node:
    """Return one plain value as a node of a tree."""
    return tree_make(raw, origin) if isinstance(raw, Mapping) else Value(raw, origin)


def tree_put(tree: Tree, path: tuple[str, ...], node: Node, problems: list[Problem]) -> None:
    """Set ``path`` inside ``tree`` by merging, so that neighbours stay."""
    nested: Node = node
    for key in reversed(path):
        nested = {key: nested}
    if isinstance(nested, dict):
        tree_merge(tree, nested, problems)


def tree_merge(low: Tree, high: Tree, problems: list[Problem], prefix: str = "") -> None:
    """Lay ``high`` over ``low`` in place, by the rules of this module."""
    for key, node in high.items():
        if key.startswith(APPEND) and len(key) > 1:
            _append(low, key[1:], node, problems, prefix)
            continue
        below = low.get(key)
        if isinstance(node, dict):
            if not isinstance(below, dict):
                low[key] = below = {}
            tree_merge(below, node, problems, f"{prefix}{key}.")
        elif node.raw is not None or not isinstance(below, dict):
            low[key] = node


def tree_leaves(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Value]]:
    """Yield every leaf with its dotted path."""
    for key, node in tree.items():
        if isinstance(node, dict):
            yield from tree_leaves(node, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", node


def tree_origin(node: Node) -> Origin:
    """Return where a node was written; for a map, where its first leaf set on purpose was."""
    if isinstance(node, Value):
        return node.origin
    origins = [leaf.origin for _, leaf in tree_leaves(node)]
    return next((origin for origin in origins if origin is not DEFAULT), DEFAULT)


def _append(low: Tree, key: str, node: Node, problems: list[Problem], prefix: str) -> None:
    origin, path = tree_origin(node), f"{prefix}{key}"
    below = low.get(key)
    more = _items(node)
    if below is None or (isinstance(below, Value) and below.raw is None):
        low[key] = Value(more, origin) if more is not None else node
        return
    items = _items(below)
    if items is None or more is None:
        text = f"+{path} can only append a list to a list"
        problems.append(Problem(path, origin.place, text))
        return
    if isinstance(below, Value) and below.origin is not DEFAULT:
        origin = Origin(origin.layer, f"{origin.place} after {below.origin}")
    low[key] = Value([*items, *more], origin)


def _items(node: Node) -> list[Any] | None:
    if isinstance(node, dict):
        return None
    if isinstance(node.raw, list):
        return node.raw
    if isinstance(node.raw, str):
        return [word.strip() for word in node.raw.split(",") if word.strip()]
    return None
