"""What several commands ask for alike: candles, costs, numbers, a stop in good order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser

from optimizer import bootstrap
from trading.base.domain.errors import BadInputError
from trading.market.domain.instruments import Pair
from trading.market.domain.timeframes import timeframe_name


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


def candles_named(options: Mapping[str, Any], say: Callable[[str], object]) -> Mapping[str, Any]:
    """Return the options with the stored series that is meant, unless they name a file.

    What is left out of venue, pair and timeframe is found where one stored series alone fits, and
    ``say`` is told which.

    Raises:
        BadInputError: both a file and a series are given, or none or several series fit.
    """
    given = {name: options[name] for name in ("venue", "pair", "timeframe") if options[name]}
    if options["candles_file"] is not None:
        if given.keys() & {"venue", "pair"}:
            raise BadInputError("give either --candles-file or --venue and --pair, not both")
        return options
    if len(given) == 3:
        return options
    if "pair" in given:
        given["pair"] = str(Pair.parse(given["pair"]))
    if "timeframe" in given:
        given["timeframe"] = timeframe_name(given["timeframe"])
    keys = [asdict(info.key) for info in bootstrap.candle_series()]
    fitting = [key for key in keys if given.items() <= key.items()]
    if not fitting:
        raise BadInputError(
            "no candles: give --candles-file, or --venue, --pair and --timeframe of one of "
            f"{len(keys)} stored series; for some to try: manage.py candles simulate"
        )
    names = [" ".join(key.values()) for key in fitting]
    if len(fitting) > 1:
        raise BadInputError(
            f"{len(names)} stored series fit: {', '.join(names[:5])}"
            f"{', ...' if len(names) > 5 else ''}; name one by --venue, --pair and --timeframe"
        )
    say(f"candles: {names[0]}, the only stored series that fits")
    return {**options, **fitting[0]}


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
