"""Turn a timeframe name such as ``5m`` into milliseconds and align times to it.

Times are integer milliseconds since the epoch, UTC. Bars are aligned to the epoch: a 5m bar opens
at a multiple of 300,000 ms.
"""

from __future__ import annotations

import re
from typing import Final

from trading.base.domain.errors import BadInputError

MS_PER_MINUTE: Final = 60_000
MS_PER_DAY: Final = 86_400_000
_UNIT_MS: Final = {"m": MS_PER_MINUTE, "h": 60 * MS_PER_MINUTE, "d": MS_PER_DAY}
_PATTERN: Final = re.compile(r"([1-9]\d{0,3})([mhd])\Z", re.ASCII)
_MINUTES: Final = re.compile(r"(\d{1,8})\s*(?:m|min|mins|minutes?)\Z", re.ASCII)
_LONGEST_MINUTES: Final = 9999 * 1440


def timeframe_ms(name: str) -> int:
    """Return the length of the timeframe in milliseconds.

    Raises:
        BadInputError: the name is not a number from 1 to 9999 followed by m, h or d.
    """
    match = _PATTERN.match(name)
    if match is None:
        raise BadInputError(
            f"timeframe was {name[:40]!r}; expected a number from 1 to 9999 and m, h or d, "
            f"such as 5m{_meant(name)}"
        )
    return int(match.group(1)) * _UNIT_MS[match.group(2)]


def _meant(name: str) -> str:
    """Return the timeframe that was meant, as a question; a capital M is a month and none here."""
    plain = name.strip().lstrip("0")
    if not plain.endswith("M") and _PATTERN.match(plain.lower()):
        return f"; did you mean {length_name(timeframe_ms(plain.lower()))}?"
    if (minutes := _MINUTES.match(plain)) and 0 < int(minutes.group(1)) <= _LONGEST_MINUTES:
        return f"; did you mean {length_name(int(minutes.group(1)) * MS_PER_MINUTE)}?"
    return ""


def length_name(length_ms: int) -> str:
    """Return a length as the shortest timeframe name (``1h``, not ``60m``), else in seconds."""
    for unit in ("d", "h", "m"):
        if length_ms % _UNIT_MS[unit] == 0:
            return f"{length_ms // _UNIT_MS[unit]}{unit}"
    return f"{length_ms / 1000:g}s"


def timeframe_name(name: str) -> str:
    """Return the one name of a timeframe that can be written in several ways: ``60m`` is ``1h``.

    Raises:
        BadInputError: it is no timeframe.
    """
    return length_name(timeframe_ms(name))


def floor_open(time_ms: int, step_ms: int) -> int:
    """Return the open time of the bar that contains ``time_ms``."""
    return time_ms - time_ms % step_ms


def bars_per_day(step_ms: int) -> int:
    """Return how many bars of ``step_ms`` fill one day (at least one)."""
    return max(1, MS_PER_DAY // step_ms)
