"""Turn a merged tree into the frozen dataclasses, or name everything that is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin

from trading.base.domain.errors import BadInputError
from trading.base.domain.settings import is_in_range, range_text
from trading.desk.services.config.problems import Problem
from trading.desk.services.config.scalars import kind_text, scalar_parse, shown
from trading.desk.services.config.schema import setting_list, type_hints
from trading.desk.services.config.tree import Node, Tree, Value, tree_origin

FAILED = object()


def section_decode(kind: Any, tree: Tree, problems: list[Problem], prefix: str = "") -> Any:
    """Return the dataclass ``kind`` built from ``tree``; missing keys keep their default.

    Every problem is appended to ``problems``; then the result is ``FAILED``.
    """
    known = {item.name: item for item in fields(kind)}
    hints = type_hints(kind)
    before = len(problems)
    values: dict[str, Any] = {}
    for key, node in tree.items():
        path = f"{prefix}{key}"
        if key not in known:
            problems.append(_unknown(path, key, prefix, known, tree_origin(node).place))
        elif is_dataclass(hints[key]):
            values[key] = _child(hints[key], node, problems, path)
        else:
            values[key] = _setting(hints[key], known[key].metadata, node, problems, path)
    if len(problems) > before:
        return FAILED
    try:
        return kind(**values)
    except (ValueError, BadInputError) as error:
        problems.append(_blame(str(error), known, tree, prefix))
        return FAILED


def suggestion(key: str, names: Iterable[str], prefix: str = "") -> str:
    """Return ``; did you mean X?`` for a mistyped key, or the choice there is."""
    choices = list(names)
    plain = key.lower().replace("-", "_").lstrip("+")
    close = difflib.get_close_matches(plain, choices, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {prefix}{close[0]}?"
    twins = [spec.path for spec in setting_list() if spec.path.rpartition(".")[2] == plain]
    if len(twins) == 1:
        return f"; did you mean {twins[0]}?"
    return f"; expected one of {', '.join(choices)}" if choices else ""


def _unknown(path: str, key: str, prefix: str, known: Iterable[str], place: str) -> Problem:
    return Problem(path, place, f"{path} is not a setting{suggestion(key, known, prefix)}")


def _child(kind: Any, node: Node, problems: list[Problem], path: str) -> Any:
    if isinstance(node, Value):
        text = f"{path} was {shown(node.raw)}; expected a section with settings below it"
        problems.append(Problem(path, node.origin.place, text))
        return FAILED
    return section_decode(kind, node, problems, f"{path}.")


def _setting(kind: Any, metadata: Any, node: Node, problems: list[Problem], path: str) -> Any:
    if get_origin(kind) is dict:
        return _map(get_args(kind)[1], node, problems, path)
    if isinstance(node, dict):
        text = f"{path} was a map; expected {kind_text(kind)}"
        problems.append(Problem(path, tree_origin(node).place, text))
        return FAILED
    try:
        value = scalar_parse(node.raw, kind)
    except ValueError as error:
        text = f"{path} was {shown(node.raw)}; expected {error}"
        problems.append(Problem(path, node.origin.place, text))
        return FAILED
    if not is_in_range(value, metadata):
        nearest = _nearest(value, metadata)
        text = f"{path} was {shown(node.raw)}; expected {range_text(metadata)}{nearest}"
        problems.append(Problem(path, node.origin.place, text))
        return FAILED
    return value


def _nearest(value: Any, metadata: Any) -> str:
    """Return the nearest right value: a share may be meant in percent, or with its sign."""
    low, high = metadata.get("low"), metadata.get("high")
    is_percent = metadata.get("unit") == "ratio" and abs(value) > 1
    meant = [value / 100, -value / 100] if is_percent else []
    for right in (*meant, -value):
        if right and is_in_range(right, metadata):
            return f"; did you mean {right:g}?"
    return f"; the nearest is {low if low is not None and value < low else high}"


def _map(kind: Any, node: Node, problems: list[Problem], path: str) -> Any:
    if isinstance(node, Value):
        if node.raw is None:
            return {}
        text = f"{path} was {shown(node.raw)}; expected a map"
        problems.append(Problem(path, node.origin.place, text))
        return FAILED
    if is_dataclass(kind):
        return {key: _child(kind, item, problems, f"{path}.{key}") for key, item in node.items()}
    return {key: _setting(kind, {}, item, problems, f"{path}.{key}") for key, item in node.items()}


def _blame(message: str, known: Iterable[str], tree: Tree, prefix: str) -> Problem:
    """Return the problem a section found in itself, at the field its sentence begins with."""
    names = set(known)
    word = message.split(maxsplit=1)[0]
    name = next((name for name in (word, f"{word}s") if name in names), "")
    path = f"{prefix}{name}" if name else prefix.rstrip(".")
    place = tree_origin(tree[name]).place if name in tree else ""
    text = f"{prefix}{message}" if name == word else f"{path}: {message}"
    return Problem(path, place, text)
