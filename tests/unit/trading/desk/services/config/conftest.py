"""Fixtures of the configuration tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.config_folder import ConfigFolder


@pytest.fixture
def folder(tmp_path: Path) -> ConfigFolder:
    """Return a configuration folder with a root file and nothing else."""
    return ConfigFolder(tmp_path)
