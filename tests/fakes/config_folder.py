"""A configuration folder written by a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from trading.desk.services.config.loading import ResolvedConfig, config_load


class ConfigFolder:
    """Writes files below ``config/`` and loads them."""

    def __init__(self, parent: Path) -> None:
        self.path = parent / "config"
        self.path.mkdir()
        self.root = self.path / "desk.yaml"
        self.write("desk.yaml", "market: {timeframe: 5m}\n")

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def load(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        command_line: Sequence[str] = (),
    ) -> ResolvedConfig:
        return config_load(
            root=self.root,
            environ=environ or {},
            overrides=overrides or {},
            command_line=command_line,
            overrides_place="revision 3",
        )
