"""What every command has in common: strict JSON on the last line, errors with a code, one reason.

Source: design note "The command line", rules for every command.
"""

from __future__ import annotations

import json
import signal
import sys
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import FrameType
from typing import Any, Final

from django.core.management.base import CommandParser

from trading.domain.errors import BadInputError, ConfigError, TradingError
from trading.management.command_line import CommandLine

_STOPPED: Final = "stopped; what was done is kept"


class StoppedByHand(KeyboardInterrupt):
    """A command obeyed Ctrl-C or SIGTERM in good order; ``answer`` says how far it came."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__()
        self.answer = answer


class DeskCommand(CommandLine):
    """Run ``answer`` and print what it returns, as JSON or for a person.

    Exit codes: 0 done, 1 refused or failed for a reason of the domain, 2 bad input, 130 stopped.
    """

    @staticmethod
    def add_json(*parsers: CommandParser) -> None:
        """Declare ``--json`` on every parser that ends a command line."""
        for parser in parsers:
            parser.add_argument(
                "--json", action="store_true", help="Print one JSON object as the last line"
            )

    @staticmethod
    def add_config_set(*parsers: CommandParser) -> None:
        """Declare ``--config-set`` on every parser whose command reads the configuration."""
        for parser in parsers:
            parser.add_argument(
                "--config-set", action="append", default=[], metavar="K=V",
                help="Another value for one key, as policy.savings.ratio=0.2; repeatable",
            )  # fmt: skip

    @abstractmethod
    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Do the work and return the JSON object; an ``error`` key in it means exit code 1."""

    def show(self, answer: dict[str, Any]) -> None:
        """Print the answer for a person."""
        for name, value in answer.items():
            self.stdout.write(f"{name}: {value}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer; turn errors into their exit code."""
        before = signal.signal(signal.SIGTERM, _as_interrupt)
        try:
            answer = self.answer(options)
        except (BadInputError, ConfigError) as error:
            self._stop(str(error), 2)
        except (TradingError, OSError) as error:
            if options["json"]:
                code = error.code if isinstance(error, TradingError) else "os_error"
                self.stdout.write(json_line({"error": code, "message": str(error)}))
            self._stop(str(error), 1)
        except KeyboardInterrupt as stop:
            if options["json"]:
                known = stop.answer if isinstance(stop, StoppedByHand) else {}
                self.stdout.write(json_line({**known, "error": "stopped", "message": _STOPPED}))
            self._stop(_STOPPED, 130)
        finally:
            signal.signal(signal.SIGTERM, before)
        if options["json"]:
            self.stdout.write(json_line(answer))
        else:
            self.show(answer)
        if "error" in answer:
            sys.exit(1)

    def _stop(self, message: str, code: int) -> None:
        self.stderr.write(message)
        sys.exit(code)


def json_line(answer: Mapping[str, Any]) -> str:
    """Return strict JSON on one line: Decimals as text, times as ISO-8601 UTC, no NaN."""
    return json.dumps(answer, default=_plain, allow_nan=False)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _as_interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
