"""Commands as a shell runs them: closed pipes, unknown names, bad values."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from trading.base.management.command_line import PIPE_CLOSED


def manage(data: Path, *words: str, **options: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=REPOSITORY,
        env=os.environ | {"GUARDIAN_DATA_DIR": str(data)},
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize("words", [("config", "show"), ("config", "show", "--json")])
def test_a_reader_who_has_had_enough_ends_the_command_quietly(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = manage(tmp_path, *words, stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode == PIPE_CLOSED


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("up", "--port", "x"),
            "--port was 'x'; expected a whole number; see: manage.py up --help",
        ),
        (
            ("statos",),
            "statos: there is no command 'statos'; did you mean status? see: manage.py help",
        ),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(
    words: tuple[str, ...], line: str, tmp_path: Path
) -> None:
    process = manage(tmp_path, *words, stdout=subprocess.DEVNULL)
    _, err = process.communicate(timeout=60)
    assert err.splitlines() == [line]
    assert process.returncode == 2
