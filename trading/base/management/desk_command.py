"""What every command has in common: strict JSON on the last line, errors with a code, one reason.

Source: design note "The command line", rules for every command.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import signal
import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, auto
from functools import partial
from types import FrameType
from typing import Any, ClassVar, Final, TypeVar

from django.core.management.base import CommandParser
from django.db import Error as DatabaseError

from trading.base.domain.errors import BadInputError, ConfigError, TradingError
from trading.base.management.command_line import CommandLine
from trading.base.services.database_standing import database_is_fresh, database_prepare
from trading.base.services.database_trouble import PASSING, database_trouble, standing_check

Done = TypeVar("Done")
_STOPPED: Final = "stopped; what was done is kept"
_AGAIN_S: Final = 0.5  # between two tries while the database is held
_TOLD_EVERY_S: Final = 5.0
_FULL: Final = ("there is no room left on the disk for", "free some, then try again")
_FILE_TROUBLE: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: ("the disk is read-only for", "make it writable, or set GUARDIAN_DATA_DIR"),
    errno.EACCES: ("this user may not use", "give it to the user of the desk"),
    errno.EPERM: ("this user may not use", "give it to the user of the desk"),
}


class Needs(Enum):
    """What a command needs of a database that nothing was ever written to."""

    NOTHING = auto()
    DATABASE = auto()  # it reads what is there, so a server that is away is found out at once
    DESK = auto()  # it speaks of what is there, so with nothing there it is refused
    TABLES = auto()  # it writes, so the tables are made first


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

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Return what the command asks of a fresh database."""
        return Needs.NOTHING

    ready_within_s: ClassVar[float] = 0.0  # waits so long for a database held or away at the start

    def patience_s(self, options: Mapping[str, Any]) -> float:
        """Return for how long to try ``answer`` again while the database is held or away.

        Only for what may be done twice.
        """
        return 0.0

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
            answer = self._answer_patiently(options)
        except (BadInputError, ConfigError) as error:
            self._stop(str(error), 2)
        except (TradingError, OSError) as error:
            if isinstance(error, OSError):
                code, text = "os_error", file_trouble(error)
            else:
                code, text = error.code, str(error)
            if options["json"]:
                self.stdout.write(json_line({"error": code, "message": text}))
            self._stop(text, 1)
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

    def _answer_patiently(self, options: Mapping[str, Any]) -> dict[str, Any]:
        patience_s = self.patience_s(options)
        self._trying(partial(self._ready, options), max(patience_s, self.ready_within_s))
        return self._trying(partial(self.answer, options), patience_s)

    def _trying(self, work: Callable[[], Done], patience_s: float) -> Done:
        """Return what ``work`` does; while the database is held or away, try again.

        Raises:
            DatabaseTroubleError: the database cannot be used, or not within the patience.
        """
        began, tell_at = time.monotonic(), 0.0
        while True:
            try:
                return work()
            except DatabaseError as error:
                trouble, waited_s = database_trouble(error), time.monotonic() - began
                if trouble.code not in PASSING or waited_s >= patience_s:
                    raise trouble from error
            if waited_s >= tell_at:
                tell_at = waited_s + _TOLD_EVERY_S
                left_s = patience_s - waited_s
                self.stderr.write(
                    f"not done yet: {trouble}. It is tried for {left_s:.0f} s more; Ctrl-C gives up"
                )
            threading.Event().wait(_AGAIN_S)

    def _ready(self, options: Mapping[str, Any]) -> None:
        """Look at the database before anything is done with it."""
        needs = self.needs(options)
        if needs is Needs.NOTHING or not database_is_fresh() or needs is Needs.DATABASE:
            return
        if needs is Needs.DESK:
            standing_check()
        self.stderr.write("preparing the database")
        database_prepare()

    def _stop(self, message: str, code: int) -> None:
        self.stderr.write(message)
        sys.exit(code)


def file_trouble(error: OSError) -> str:
    """Return in words what went wrong with a file, and what to do."""
    words = _FILE_TROUBLE.get(error.errno or 0)
    return f"{words[0]} {error.filename!r}; {words[1]}" if words and error.filename else str(error)


def person_name() -> str:
    """Return who gives an order from this shell."""
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container's user id without a name
        return f"command line (user {os.getuid()})"


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
