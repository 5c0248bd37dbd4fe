"""The forecasters a session may name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from trading.base.domain.errors import BadInputError
from trading.learning.domain.forecasting.drift import NAME as NAIVE
from trading.learning.domain.forecasting.drift import NaiveDrift
from trading.learning.domain.forecasting.sets import Ask
from trading.learning.ports.forecasters import Forecaster

DEFAULT: Final = NAIVE
_MAKERS: Final[dict[str, Callable[[Ask], Forecaster]]] = {NAIVE: NaiveDrift}


def forecaster_check(name: str) -> str:
    """Return the name if it is one of a forecaster.

    Raises:
        BadInputError: it is not; the message lists those there are.
    """
    if name not in _MAKERS:
        known = ", ".join(sorted(_MAKERS))
        raise BadInputError(f"forecaster was {name[:40]!r}; expected one of {known}")
    return name


def forecaster_make(name: str, asked: Ask) -> Forecaster:
    """Return a new forecaster that has seen no bar.

    Raises:
        BadInputError: see ``forecaster_check``.
    """
    return _MAKERS[forecaster_check(name)](asked)
