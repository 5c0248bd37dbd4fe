"""Every layer above the files, as trees: profile, database, environment, command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from trading.desk.services.config.decode import suggestion
from trading.desk.services.config.problems import Problem
from trading.desk.services.config.scalars import shown
from trading.desk.services.config.schema import setting_index
from trading.desk.services.config.tree import Node, Origin, Tree, Value, node_make, tree_put
from trading.desk.services.config.yaml_files import YamlFiles

PREFIX: Final = "GUARDIAN__"
PROFILE_VARIABLE: Final = "GUARDIAN_PROFILE"
PROFILE_KEY: Final = "profile"  # chooses a file instead of being a setting
NO_PROFILE: Final = "none"


def overrides_tree(overrides: Mapping[str, Any], *, place: str, problems: list[Problem]) -> Tree:
    """Return the database's dotted overrides as a tree; shorter keys first, so both may stand."""
    tree: Tree = {}
    for key in sorted(overrides):
        path = tuple(key.split("."))
        if not all(path):
            problems.append(Problem(key, place, f"{key!r} is not a dotted key"))
            continue
        tree_put(tree, path, node_make(overrides[key], Origin("database", place)), problems)
    return tree


def environment_tree(
    environ: Mapping[str, str], *, files: YamlFiles, problems: list[Problem]
) -> Tree:
    """Return ``GUARDIAN__POLICY__SAVINGS__RATIO=0.2`` and its like, and ``GUARDIAN_PROFILE``.

    Names of settings may be upper or lower case; free names below a map setting, such as a
    currency, are taken as written.
    """
    tree: Tree = {}
    profile = environ.get(PROFILE_VARIABLE, "")
    if profile:
        tree[PROFILE_KEY] = Value(profile, Origin("environment", PROFILE_VARIABLE))
    for name in sorted(environ):
        if name.startswith(PREFIX):
            path = _setting_path(name.removeprefix(PREFIX).split("__"))
            if all(path):
                origin = Origin("environment", name)
                _put_text(tree, path, environ[name], origin, files, problems)
            else:
                text = f"{name} is not a setting; expected {PREFIX}SECTION__NAME"
                problems.append(Problem("", name, text))
    return tree


def command_line_tree(
    assignments: Sequence[str], *, files: YamlFiles, problems: list[Problem]
) -> Tree:
    """Return the ``KEY=VALUE`` words of ``--config-set`` as a tree, later ones winning."""
    tree: Tree = {}
    origin = Origin("command line", "--config-set")
    for word in assignments:
        key, is_assigned, text = word.partition("=")
        path = tuple(key.strip().split("."))
        if not is_assigned or not all(path):
            message = f"{shown(word)} is not an assignment; expected KEY=VALUE"
            problems.append(Problem("", origin.place, message))
            continue
        _put_text(tree, path, text.strip(), origin, files, problems)
    return tree


def profile_choose(layers: Sequence[Tree], problems: list[Problem]) -> tuple[str, Origin | None]:
    """Take the ``profile`` key out of every layer and return the highest one's choice."""
    name, origin = "", None
    for layer in layers:
        node = layer.pop(PROFILE_KEY, None)
        if node is None or (isinstance(node, Value) and node.raw is None):
            continue
        if not isinstance(node, Value) or not isinstance(node.raw, str) or not node.raw.strip():
            place = node.origin.place if isinstance(node, Value) else ""
            problems.append(Problem(PROFILE_KEY, place, "profile was not a name; expected text"))
            continue
        name, origin = node.raw.strip(), node.origin
    return ("" if name == NO_PROFILE else name), origin


def profile_names(folder: Path) -> tuple[str, ...]:
    """Return the profiles there are."""
    return tuple(sorted(path.stem for path in (folder / "profiles").glob("*.yaml")))


def profile_tree(
    name: str, origin: Origin | None, *, files: YamlFiles, problems: list[Problem]
) -> Tree:
    """Return the settings of a profile; no name is no profile."""
    if not name:
        return {}
    names = profile_names(files.folder)
    place = origin.place if origin is not None else ""
    if name not in names:
        text = f"profile was {name!r}{suggestion(name, (*names, NO_PROFILE))}"
        problems.append(Problem(PROFILE_KEY, place, text))
        return {}
    tree = files.tree(files.folder / "profiles" / f"{name}.yaml", "profile")
    if tree.pop(PROFILE_KEY, None) is not None:
        text = f"profile {name} names a profile itself; a profile holds settings only"
        problems.append(Problem(PROFILE_KEY, place, text))
    return tree


def _setting_path(segments: Sequence[str]) -> tuple[str, ...]:
    path: list[str] = []
    index = setting_index()
    is_free = False
    for segment in segments:
        path.append(segment if is_free else segment.lower())
        spec = index.get(".".join(path))
        is_free = is_free or (spec is not None and spec.is_map)
    return tuple(path)


def _put_text(
    tree: Tree,
    path: tuple[str, ...],
    text: str,
    origin: Origin,
    files: YamlFiles,
    problems: list[Problem],
) -> None:
    node: Node | None = Value(text, origin)
    if text.lstrip().startswith(("[", "{")):
        node = files.text(text, origin)
    if node is not None:
        tree_put(tree, path, node, problems)
