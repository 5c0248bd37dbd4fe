"""What every command owes the shell: one line and exit 2 for bad usage, silence on a closed pipe.

Source: design note "The command line", rules for every command.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

PIPE_CLOSED: Final = 128 + signal.SIGPIPE  # what the shell shows for any program so ended
_WRONG_TYPE: Final = re.compile(
    r"argument (?P<name>[^:]+): invalid (?P<type>\w+) value: (?P<value>.+)"
)
_WRONG_CHOICE: Final = re.compile(
    r"argument (?P<name>[^:]+): invalid choice: (?P<value>.+?) \(choose from (?P<choices>.+)\)"
)
_TYPES: Final = {"whole_number": "a whole number", "real_number": "a number"}


def usage_line(message: str) -> str:
    """Return the parser's words on bad usage as this project says it: name, value, expectation."""
    if found := _WRONG_TYPE.fullmatch(message):
        expected = _TYPES.get(found["type"], f"a {found['type']}")
        return f"{found['name']} was {found['value']}; expected {expected}"
    if found := _WRONG_CHOICE.fullmatch(message):
        choices = found["choices"].replace("'", "")
        return f"{found['name']} was {found['value']}; expected one of {choices}"
    return message.removeprefix("argument ")


class CommandLine(BaseCommand):
    """A command run from a shell."""

    # the checks import every page; a command that answers in half a second cannot wait for that
    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return a parser that raises ``CommandError`` instead of printing its usage."""
        self._called_from_command_line = False
        return super().create_parser(prog_name, subcommand, **kwargs)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command; end quietly when whoever reads its output has had enough."""
        try:
            try:
                self._run(argv)
            finally:
                sys.stdout.flush()  # a pipe closed meanwhile must show here, not at exit
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())  # for the flush at exit
            sys.exit(PIPE_CLOSED)

    def _run(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except CommandError as error:  # the parser's; those of the command are handled there
            line = usage_line(str(error).removeprefix("Error: "))
            self.stderr.write(f"{line}; see: manage.py {argv[1]} --help")
            sys.exit(2)
