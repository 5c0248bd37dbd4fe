"""Bad usage of any command is one line that names what was wrong, and exit code 2."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.management import get_commands, load_command_class

from trading.base.management.command_line import CommandLine, usage_line

OURS = ("trading", "optimizer", "guardian")


def own_commands() -> list[tuple[str, str]]:
    found = ((str(app), name) for name, app in get_commands().items())
    return sorted(pair for pair in found if pair[0].partition(".")[0] in OURS)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "argument --port: invalid whole_number value: 'x'",
            "--port was 'x'; expected a whole number",
        ),
        ("argument --size: invalid real_number value: ''", "--size was ''; expected a number"),
        (
            "argument ACTION: invalid choice: 'ru' (choose from 'run', 'list')",
            "ACTION was 'ru'; expected one of run, list",
        ),
        (
            "argument ACTION: invalid choice: 'ru' (choose from run, list)",  # Python 3.12 and on
            "ACTION was 'ru'; expected one of run, list",
        ),
        ("argument --port: expected one argument", "--port: expected one argument"),
        ("the following arguments are required: --pair", None),
    ],
)
def test_the_parser_speaks_as_the_rest_of_the_desk(said: str, line: str | None) -> None:
    assert usage_line(said) == (line or said)


@pytest.mark.parametrize(("app", "name"), own_commands())
def test_every_command_refuses_an_unknown_option_with_one_line(
    app: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = load_command_class(app, name)
    assert isinstance(command, CommandLine)
    with pytest.raises(SystemExit) as stopped:
        command.run_from_argv(["manage.py", name, "--no-such-option"])
    out, err = capsys.readouterr()
    assert stopped.value.code == 2
    assert out == ""
    (line,) = err.splitlines()
    assert line.endswith(f"; see: manage.py {name} --help")


def _options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _options(below)


@pytest.mark.parametrize(("app", "name"), own_commands())
def test_no_command_reads_numbers_by_pythons_own_rules(app: str, name: str) -> None:
    parser = load_command_class(app, name).create_parser("manage.py", name)
    own = {option.dest for option in _options(parser) if option.type in (int, float, Decimal)}
    assert own <= {"verbosity"}  # Django's


@pytest.mark.parametrize("arguments", [("up", "--port", "8_0"), ("up", "--workers", "１")])
def test_underscores_and_digits_of_other_scripts_are_no_numbers(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        load_command_class("guardian", arguments[0]).run_from_argv(["manage.py", *arguments])
    assert stopped.value.code == 2
    assert f"was {arguments[2]!r}; expected a whole number" in capsys.readouterr().err
