"""Compiled kernels are kept per version of their sources, never beside them."""

from __future__ import annotations

import os
from pathlib import Path

from config.kernel_cache import KEPT, kernel_cache_use, sources_digest


def checkout(base: Path, text: str = "x = 1\n") -> Path:
    folder = base / "trading" / "signals" / "domain"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernels.py").write_text(text)
    return base


def test_another_source_gets_another_folder(tmp_path: Path) -> None:
    first = sources_digest(checkout(tmp_path))
    assert sources_digest(checkout(tmp_path)) == first
    assert sources_digest(checkout(tmp_path, "x = 2\n")) != first


def test_a_folder_set_by_a_person_is_left_alone(tmp_path: Path) -> None:
    environ = {"NUMBA_CACHE_DIR": "/somewhere"}
    kernel_cache_use(environ, checkout(tmp_path), tmp_path / "data")
    assert environ == {"NUMBA_CACHE_DIR": "/somewhere"}


def test_a_checkout_that_cannot_be_written_uses_the_data_folder(tmp_path: Path) -> None:
    base = checkout(tmp_path / "code")
    (base / "var").write_text("a file where the folder should be")
    environ: dict[str, str] = {}
    kernel_cache_use(environ, base, tmp_path / "data")
    assert environ["NUMBA_CACHE_DIR"].startswith(str(tmp_path / "data" / "kernels"))


def test_only_the_newest_versions_are_kept(tmp_path: Path) -> None:
    root = tmp_path / "var" / "kernels"
    for age in range(KEPT + 3):
        (root / f"old{age}").mkdir(parents=True)
        os.utime(root / f"old{age}", (1000 - age, 1000 - age))
    kernel_cache_use({}, checkout(tmp_path), tmp_path / "data")
    kept = {folder.name for folder in root.iterdir()}
    assert kept == {sources_digest(tmp_path), *(f"old{age}" for age in range(KEPT - 1))}
