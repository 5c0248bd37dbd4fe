"""Read YAML files into trees whose leaves know their file and line, safely.

Only plain data is read: maps, lists, text, whole numbers, decimals, true, false and null, spelled
as in YAML 1.2 (``yes`` and ``012`` are text). Decimals are taken from their digits, never through
a float. Duplicate keys, anchors, aliases and every tag except ``!include`` are refused.

``!include`` names a file relative to the including one. It may not leave the folder of the root
file (symbolic links are followed before that is checked), may not include itself over any number
of steps and goes at most ten files deep.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from trading.desk.services.config.problems import Problem
from trading.desk.services.config.tree import APPEND, Node, Origin, Tree, Value

MOST_DEEP: Final = 10
MOST_NESTED: Final = 100
MOST_BYTES: Final = 512 * 1024
SUFFIXES: Final = frozenset({".yaml", ".yml"})
_CORE: Final = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """The safe loader with the scalars of YAML 1.2 and without anchors and aliases."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    nested = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not allowed; use !include",
                problem_mark=event.start_mark,
            )
        # Counted, because Python's own limit differs between processes and takes minutes to reach
        # where a library raised it.
        if self.nested >= MOST_NESTED:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {MOST_NESTED} deep", problem_mark=event.start_mark
            )
        self.nested += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.nested -= 1
        return node


_Loader.add_implicit_resolver(
    f"{_CORE}bool", re.compile(r"(?:true|True|false|False)\Z"), list("tTfF")
)
_Loader.add_implicit_resolver(
    f"{_CORE}null", re.compile(r"(?:~|null|Null|)\Z"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(
    f"{_CORE}int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    f"{_CORE}float",
    re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]{1,3})?\Z"),
    list("-+.0123456789"),
)


class YamlFiles:
    """Reads the files of one configuration folder and remembers their digests."""

    def __init__(self, root: Path, problems: list[Problem]) -> None:
        self.folder = root.parent.resolve()
        self.digests: dict[str, str] = {}
        self._problems = problems

    def shown(self, path: Path) -> str:
        """Return the path as messages show it: from the configuration folder's name on."""
        if not path.is_relative_to(self.folder):
            return str(path)
        return (Path(self.folder.name) / path.relative_to(self.folder)).as_posix()

    def tree(self, path: Path, layer: str) -> Tree:
        """Return the settings of a file; problems are collected and their keys left out."""
        node = self._file(path, layer, (), "")
        if isinstance(node, dict):
            return node
        if node is not None and node.raw is not None:
            self._note(node.origin.place, "expected a map of settings at the top of the file")
        return {}

    def text(self, text: str, origin: Origin) -> Node | None:
        """Return a value written as flow YAML, such as ``[a, b]``, on one line."""
        document = self._compose(text, origin.place)
        if document is None:
            return None
        return self._node(document, origin.layer, (), origin.place, is_inline=True)

    def _file(self, path: Path, layer: str, chain: tuple[Path, ...], place: str) -> Node | None:
        shown = self.shown(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            self._note(place or shown, f"file {shown} cannot be read: {error.strerror}")
            return None
        if len(data) > MOST_BYTES:
            self._note(shown, f"the file has {len(data)} bytes; expected at most {MOST_BYTES}")
            return None
        self.digests[shown] = hashlib.sha256(data).hexdigest()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._note(shown, f"the file is not UTF-8 text: {error.reason} at byte {error.start}")
            return None
        document = self._compose(text, shown)
        if document is None:
            return None
        return self._node(document, layer, (*chain, path), shown)

    def _compose(self, text: str, shown: str) -> yaml.Node | None:
        loader = None
        try:
            loader = _Loader(text)
            return loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = f"{shown}:{mark.line + 1}" if mark is not None else shown
            self._note(place, f"not valid YAML: {error.problem or error.context}")
        except yaml.reader.ReaderError as error:
            self._note(shown, f"not valid YAML: {error.reason} at position {error.position}")
        finally:
            if loader is not None:
                loader.dispose()
        return None

    def _node(
        self,
        node: yaml.Node,
        layer: str,
        chain: tuple[Path, ...],
        shown: str,
        *,
        is_inline: bool = False,
    ) -> Node | None:
        place = shown if is_inline else f"{shown}:{node.start_mark.line + 1}"
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_CORE}map":
            return self._map(node, layer, chain, shown, is_inline=is_inline)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_CORE}seq":
            items = [
                self._node(item, layer, chain, shown, is_inline=is_inline) for item in node.value
            ]
            return Value([_raw(item) for item in items], Origin(layer, place))
        if isinstance(node, yaml.ScalarNode) and node.tag == "!include":
            if is_inline:
                self._note(place, "!include works only in files")
                return None
            return self._include(str(node.value), layer, chain, place)
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return Value(_SCALARS[node.tag](node.value), Origin(layer, place))
        self._note(
            place, f"tag {node.tag.replace(_CORE, '!!')} is not allowed; expected plain data"
        )
        return None

    def _map(
        self,
        node: yaml.MappingNode,
        layer: str,
        chain: tuple[Path, ...],
        shown: str,
        *,
        is_inline: bool,
    ) -> Tree:
        tree: Tree = {}
        for key_node, value_node in node.value:
            place = shown if is_inline else f"{shown}:{key_node.start_mark.line + 1}"
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str) or not key or key == APPEND:
                self._note(place, "a key was not a name; expected text before the colon")
            elif key in tree:
                self._note(place, f"key {key} is written twice in one section; keep one")
            else:
                value = self._node(value_node, layer, chain, shown, is_inline=is_inline)
                if value is not None:
                    tree[key] = value
        return tree

    def _include(self, name: str, layer: str, chain: tuple[Path, ...], place: str) -> Node | None:
        relative = Path(name)
        path = (chain[-1].parent / relative).resolve()
        if not name or relative.is_absolute() or not path.is_relative_to(self.folder):
            self._note(place, f"!include {name!r} leaves the configuration folder; keep it inside")
        elif path.suffix not in SUFFIXES:
            self._note(place, f"!include {name!r} is not a .yaml file")
        elif path in chain:
            names = " -> ".join(self.shown(step) for step in (*chain[chain.index(path) :], path))
            self._note(place, f"!include goes round in a circle: {names}")
        elif len(chain) >= MOST_DEEP:
            names = " -> ".join(self.shown(step) for step in chain)
            self._note(place, f"!include {name!r} goes deeper than {MOST_DEEP} files: {names}")
        elif not path.is_file():
            self._note(place, f"!include {name!r}: there is no file {self.shown(path)}")
        else:
            return self._file(path, layer, chain, place)
        return None

    def _note(self, place: str, text: str) -> None:
        self._problems.append(Problem("", place, text))


def _raw(node: Node | None) -> Any:
    if isinstance(node, dict):
        return {key: _raw(item) for key, item in node.items()}
    return None if node is None else node.raw


def _null(_text: str) -> None:
    return None


_SCALARS: Final[dict[str, Any]] = {
    f"{_CORE}str": str,
    f"{_CORE}int": lambda text: int(text) if len(text) < 40 else text,
    f"{_CORE}float": Decimal,
    f"{_CORE}bool": lambda text: text.lower() == "true",
    f"{_CORE}null": _null,
}
