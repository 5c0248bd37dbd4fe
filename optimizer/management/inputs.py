"""What several commands ask for alike: candles, costs, numbers, a stop in good order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser

from trading.domain.errors import BadInputError


def candles_add(parser: CommandParser) -> None:
    """Declare where candles come from."""
    parser.add_argument("--venue", help="Stored candles: where they are from, as pulsex")
    parser.add_argument("--pair", help="Stored candles: BASE/QUOTE, as PDAI/DAI")
    parser.add_argument(
        "--timeframe", help="Length of one bar, as 5m; told from a candle file unless given"
    )
    parser.add_argument("--candles-file", type=Path, metavar="F", help="CSV, Parquet, Feather")


def force_add(parser: CommandParser) -> None:
    """Declare that costs of another market are wanted."""
    parser.add_argument(
        "--force",
        action="store_true",
        help="Take swap costs of another token, chain or direction than the candles as an "
        "assumption, instead of refusing them",
    )


def candles_check(options: Mapping[str, Any]) -> None:
    """Refuse candles that are named twice or not at all.

    Raises:
        BadInputError: both a file and a series are given, or neither.
    """
    venue, pair, timeframe = options["venue"], options["pair"], options["timeframe"]
    if options["candles_file"] is not None:
        if venue or pair:
            raise BadInputError("give either --candles-file or --venue and --pair, not both")
    elif not (venue and pair and timeframe):
        raise BadInputError("no candles: give --candles-file, or --venue, --pair and --timeframe")


def file_check(subject: str, path: Path | None) -> None:
    """Refuse a path that leads to no file; None is none.

    Args:
        subject: what the file holds, with its verb, as ``swap costs were``.
        path: as it was given.

    Raises:
        BadInputError: there is nothing, or it is a folder.
    """
    if path is not None and not path.is_file():
        raise BadInputError(f"{subject} {str(path)!r}; there is no such file")


@contextmanager
def stop_by_signal() -> Iterator[Callable[[], bool]]:
    """Yield whether Ctrl-C or SIGTERM came; a second one interrupts at once."""
    came: list[int] = []

    def note(signum: int, _frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(signum)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
