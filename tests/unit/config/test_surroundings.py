"""Settings of other projects are refused by name or forgotten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.surroundings import celery_variables_forget, settings_module_use
from tests.conftest import REPOSITORY
from trading.base.domain.errors import ConfigError


def test_without_a_word_the_settings_are_those_of_one_s_own_machine() -> None:
    environ: dict[str, str] = {}
    settings_module_use(environ, REPOSITORY)
    assert environ == {"DJANGO_SETTINGS_MODULE": "config.settings.dev"}


@pytest.mark.parametrize(
    "name", ["shop.settings", "config.settings.production", "config.settings.base", ""]
)
def test_settings_of_another_project_are_named(name: str) -> None:
    with pytest.raises(ConfigError, match=f"DJANGO_SETTINGS_MODULE was '{name}'"):
        settings_module_use({"DJANGO_SETTINGS_MODULE": name}, REPOSITORY)


def test_celery_obeys_no_variable_of_the_shell() -> None:
    environ = {"CELERY_BROKER_URL": "redis://x", "CELERY_SKIP_CHECKS": "1", "HOME": "/h"}
    celery_variables_forget(environ)
    assert environ == {"CELERY_SKIP_CHECKS": "1", "HOME": "/h"}


def test_a_shell_full_of_another_project_changes_nothing(tmp_path: Path) -> None:
    for package in ("django", "celery", "trading", "config"):
        (tmp_path / f"{package}.py").write_text("raise SystemExit('another project')")
    foreign = {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "GUARDIAN_DATA_DIR": str(tmp_path / "a #1; 100% \u00fc"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "config", "show", "--json"],
        cwd=REPOSITORY, env={**os.environ, **foreign}, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


def test_another_project_s_settings_end_a_command_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "status"],
        cwd=REPOSITORY, env={**os.environ, "DJANGO_SETTINGS_MODULE": "shop.settings"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "DJANGO_SETTINGS_MODULE was 'shop.settings'" in done.stderr
