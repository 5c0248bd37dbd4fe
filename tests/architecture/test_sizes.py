"""Files, lines and functions can be read at once; what cannot is listed with a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "dashboard", "guardian", "optimizer", "trading", "tests")
PAGES = ("templates", "static")  # what people read in a browser's language, written by us
PAGE_FILES = ("*.html", "*.js", "*.css")
FILE_LINES, FUNCTION_LINES, LINE_CHARACTERS = 300, 40, 120
# path: reason. A reason says why splitting would make the file harder to read.
LONG_FILES: dict[str, str] = {
    "tests/oracles/signals.py": "every rule of the specification once more, read beside its text",
}
# path: reason. A reason says why a line cannot be broken without changing what it says. Lines of
# Python are ruff's: 100 characters.
LONG_LINES: dict[str, str] = {}
# "path:name": reason.
LONG_FUNCTIONS: dict[str, str] = {
    "trading/desk/services/config/lint.py:_contradictions": "a list of findings, one after another",
}
CODE = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]

PAGE_CODE = [
    path
    for folder in PAGES
    for pattern in PAGE_FILES
    for path in sorted((ROOT / folder).rglob(pattern))
]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            # Units, sources and errors belong into a docstring at whatever length they need.
            described = node.body[0] if ast.get_docstring(node) else None
            docstring = described.end_lineno - described.lineno + 1 if described else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def longest_line(path: Path) -> int:
    return max(map(len, path.read_text(encoding="utf-8").splitlines()), default=0)


@pytest.mark.parametrize("path", [*CODE, *PAGE_CODE], ids=name_of)
def test_a_file_can_be_read_at_once(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES or name_of(path) in LONG_FILES, f"{name_of(path)} has {lines} lines"


@pytest.mark.parametrize("path", PAGE_CODE, ids=name_of)
def test_a_line_of_a_page_fits_on_a_screen(path: Path) -> None:
    longest = longest_line(path)
    assert longest <= LINE_CHARACTERS or name_of(path) in LONG_LINES, (
        f"{name_of(path)} has a line of {longest} characters"
    )


def test_templates_scripts_and_styles_are_measured() -> None:
    assert {path.suffix for path in PAGE_CODE} == {".html", ".js", ".css"}


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{name_of(path)}:{name} has {lines} lines"
        for path in CODE
        if "tests" not in path.relative_to(ROOT).parts
        for name, lines in functions(path)
        if lines > FUNCTION_LINES and f"{name_of(path)}:{name}" not in LONG_FUNCTIONS
    ]
    assert long == []


def test_no_exception_outlives_its_reason() -> None:
    for name in LONG_FILES:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > FILE_LINES
    for name in LONG_LINES:
        assert longest_line(ROOT / name) > LINE_CHARACTERS
    for key in LONG_FUNCTIONS:
        path, _, function = key.rpartition(":")
        assert max(lines for name, lines in functions(ROOT / path) if name == function) > (
            FUNCTION_LINES
        )
