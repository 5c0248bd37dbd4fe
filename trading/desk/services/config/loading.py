"""Read all layers, lay them over each other and validate the result as one configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from trading.base.domain.errors import BadInputError
from trading.desk.domain.config import BotsConfig, DeskConfig
from trading.desk.domain.policy import Policy
from trading.desk.services.config.decode import section_decode
from trading.desk.services.config.layers import (
    PROFILE_KEY,
    command_line_tree,
    environment_tree,
    overrides_tree,
    profile_choose,
    profile_tree,
)
from trading.desk.services.config.policies import value_digest
from trading.desk.services.config.problems import InvalidConfigError, Problem
from trading.desk.services.config.schema import encode, setting_list
from trading.desk.services.config.tree import (
    DEFAULT,
    Node,
    Tree,
    tree_leaves,
    tree_make,
    tree_merge,
    tree_origin,
)
from trading.desk.services.config.yaml_files import YamlFiles

SITE_FILE = "site.yaml"


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """The configuration in force and where each of its values came from."""

    config: DeskConfig
    origins: Mapping[str, str]  # dotted path to layer and place; entries of maps have their own
    digest: str  # names the values; the order of keys and the layer they came from do not matter
    profile: str = ""  # empty when none is chosen
    files: Mapping[str, str] = field(default_factory=dict)  # every file read and its SHA-256

    @property
    def policy(self) -> Policy:
        """Return the part that takes effect at the next bar."""
        return self.config.policy


def config_load(
    *,
    root: Path,
    environ: Mapping[str, str],
    overrides: Mapping[str, Any],
    command_line: Sequence[str] = (),
    overrides_place: str = "database",
) -> ResolvedConfig:
    """Return the validated configuration of all layers.

    Args:
        root: the root file, ``desk.yaml``; profiles and the site file lie beside it.
        environ: the process environment; only ``GUARDIAN__*`` and ``GUARDIAN_PROFILE`` are read.
        overrides: dotted key to JSON value, the database's layer.
        command_line: ``KEY=VALUE`` words.
        overrides_place: how messages and origins call the overrides, such as ``revision 7``.

    Raises:
        InvalidConfigError: one line for each problem in any layer.
    """
    problems: list[Problem] = []
    files = YamlFiles(root, problems)
    base = files.tree(files.folder / root.name, "file")
    site_path = files.folder / SITE_FILE
    site = files.tree(site_path, "site") if site_path.is_file() else {}
    database = overrides_tree(overrides, place=overrides_place, problems=problems)
    environment = environment_tree(environ, files=files, problems=problems)
    command = command_line_tree(command_line, files=files, problems=problems)
    name, origin = profile_choose([base, site, database, environment, command], problems)
    profile = profile_tree(name, origin, files=files, problems=problems)

    merged: Tree = tree_make(encode(DeskConfig(), DeskConfig), DEFAULT)
    for layer in (base, profile, site, database, environment, command):
        tree_merge(merged, layer, problems)
    config = _checked(merged, problems)
    origins = _origins(merged)
    origins[PROFILE_KEY] = str(origin or DEFAULT)
    return ResolvedConfig(
        config=config,
        origins=origins,
        digest=value_digest(config, DeskConfig),
        profile=name,
        files=dict(sorted(files.digests.items())),
    )


def _checked(merged: Tree, problems: list[Problem]) -> DeskConfig:
    """Return the merged tree as values, unless it or a layer before it has ``problems``."""
    config = section_decode(DeskConfig, merged, problems)
    if isinstance(config, DeskConfig):
        problems.extend(_strategy_problems(config, merged))
    if problems:
        raise InvalidConfigError(problems)
    return cast(DeskConfig, config)


def config_dump(config: DeskConfig) -> dict[str, Any]:
    """Return the whole configuration as nested JSON-ready maps."""
    return cast(dict[str, Any], encode(config, DeskConfig))


def config_leaves(config: DeskConfig) -> dict[str, Any]:
    """Return every setting's JSON-ready value by dotted path; maps stay whole."""
    leaves: dict[str, Any] = {}
    dump = config_dump(config)
    for spec in setting_list():
        node: Any = dump
        for key in spec.path.split("."):
            node = node[key]
        leaves[spec.path] = node
    return leaves


def origin_of(resolved: ResolvedConfig, path: str) -> str:
    """Return where a setting came from; a map with entries of several origins names each."""
    own = resolved.origins.get(path)
    if own is not None:
        return own
    parts = [text for key, text in resolved.origins.items() if key.startswith(f"{path}.")]
    return "; ".join(dict.fromkeys(parts)) or str(DEFAULT)


def _origins(merged: Tree) -> dict[str, str]:
    origins = {path: str(leaf.origin) for path, leaf in tree_leaves(merged)}
    for spec in setting_list():
        if spec.is_map and not any(path.startswith(f"{spec.path}.") for path in origins):
            origins[spec.path] = str(DEFAULT)
    return dict(sorted(origins.items()))


def _strategy_problems(config: DeskConfig, merged: Tree) -> list[Problem]:
    """Return what the strategies themselves refuse: unknown names, parameters out of bounds."""
    # numba stands behind the strategies; whoever only dumps a policy need not load it
    from trading.signals.domain.strategies import strategy_get

    problems = []
    for path, entry, strategy, params in _strategies_named(config.bots):
        try:
            strategy_get(strategy).resolve(params)
        except BadInputError as error:
            place = tree_origin(_node_at(merged, (*path.split("."), entry))).place
            where = f"{path}.{entry}" if path == "bots.installed" else path
            problems.append(Problem(where, place, f"{where}: {error}"))
    return problems


def _strategies_named(bots: BotsConfig) -> Iterator[tuple[str, str, str, Mapping[str, float]]]:
    """Yield setting, entry in it, strategy and parameters wherever a strategy is named."""
    for name in bots.strategies:
        yield "bots.strategies", name, name, {}
    for name, params in bots.params.items():
        yield "bots.params", name, name, params
    for name, bot in bots.installed.items():
        yield "bots.installed", name, bot.strategy, bot.params


def _node_at(tree: Tree, path: Sequence[str]) -> Node:
    """Return the node at ``path``, or the last one on the way to it."""
    node: Node = tree
    for key in path:
        if not isinstance(node, dict) or key not in node:
            break
        node = node[key]
    return node
