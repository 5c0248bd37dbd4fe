"""What a forecaster says at one bar time: for every pair and horizon a forecast, or why not.

A set is made when the bars of one open time have closed, and serves until it expires. It holds
figures only, as arrays over (pairs that had a bar, horizons), so that one for three hundred pairs
costs little more than one for three. ``Missing`` is an answer, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from trading.base.domain.errors import InvariantError
from trading.base.domain.side import Side
from trading.market.domain.bars import FloatArray, IntArray

ReasonArray = npt.NDArray[np.uint8]
FIGURES: Final = ("p_up", "low", "median", "high", "expected", "expected_net")
QUANTILES: Final = (0.1, 0.5, 0.9)  # of low, median and high


class Missing(IntEnum):
    """Why there is no forecast; stored, so never renumbered. 0 stands for "there is one"."""

    WARMING_UP = 1  # too few bars of the pair yet
    NO_BAR = 2  # the pair had no bar at that time
    NOT_ASKED = 3  # nobody asked for that horizon, or for anything yet
    FORECASTER_FAILED = 4
    NOT_FINITE = 5  # the figures grew beyond all bounds
    EXPIRED = 6  # there was one, and its time is over


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of one pair's close ``horizon_ms`` after ``made_at``.

    Attributes:
        p_up: probability that it is higher, 0 to 1.
        low: 10 % quantile of the return, as a fraction of the price; ``median`` is the 50 % and
            ``high`` the 90 % one.
        expected: expected return, as a fraction of the price.
        expected_net: the same after a round trip's costs; NaN where no costs were given.
        horizon_ms: distance, ms.
        made_at: close of the bar it was made on, ms UTC.
        forecaster: name and version of what said so.
        bundle: digest of everything it was made with.
    """

    p_up: float
    low: float
    median: float
    high: float
    expected: float
    expected_net: float
    horizon_ms: int
    made_at: int
    forecaster: str
    bundle: str

    def probability(self, side: Side) -> float:
        """Return the probability that the price moves in favour of ``side``."""
        return self.p_up if side is Side.BUY else 1.0 - self.p_up


@dataclass(frozen=True, slots=True)
class Ask:
    """What a session wants to know.

    Attributes:
        pairs: of these, sorted.
        step_ms: length of their bars, ms.
        horizons_ms: over these distances, ms, growing.
        round_trip: by pair, what buying and selling costs, as a fraction; where it is known.
    """

    pairs: tuple[str, ...]
    step_ms: int
    horizons_ms: tuple[int, ...]
    round_trip: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if tuple(sorted(set(self.pairs))) != self.pairs:
            raise InvariantError(f"pairs were {self.pairs}; expected them sorted, each once")
        if tuple(sorted(set(self.horizons_ms))) != self.horizons_ms or self.step_ms < 1:
            raise InvariantError(f"horizons were {self.horizons_ms} ms; expected them to grow")


@dataclass(frozen=True, slots=True)
class SetHead:
    """What all sets of one forecaster have in common while it is asked the same.

    Attributes:
        forecaster: name and version.
        bundle: digest of everything its forecasts are made with.
        pairs: it is asked for, sorted.
        step_ms: length of their bars, ms.
        horizons_ms: growing.
        lifetime_ms: how long after its bar time a set may be used, 0 for that time only.
    """

    forecaster: str
    bundle: str
    pairs: tuple[str, ...]
    step_ms: int
    horizons_ms: tuple[int, ...]
    lifetime_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class ForecastSet:
    """One bar time's forecasts.

    Attributes:
        head: who made it, and of what.
        open_time: of the bars it was made on, ms UTC.
        places: int64[m], which of the head's pairs had a bar, growing.
        values: float64[m, h, 6], ``FIGURES``; NaN where there is none.
        reasons: uint8[m, h], 0 or ``Missing``.
    """

    head: SetHead
    open_time: int
    places: IntArray
    values: FloatArray
    reasons: ReasonArray

    @property
    def bar_time(self) -> int:
        """Return the close of the bars it was made on, ms UTC."""
        return self.open_time + self.head.step_ms

    @property
    def expiry(self) -> int:
        """Return the last bar time it may be used at, ms UTC."""
        return self.open_time + self.head.step_ms + self.head.lifetime_ms

    @property
    def pairs(self) -> tuple[str, ...]:
        """Return the pairs that had a bar."""
        return tuple(self.head.pairs[i] for i in self.places.tolist())

    def get(self, pair: str, horizon_ms: int, now: int) -> Forecast | Missing:
        """Return the forecast of a pair over a distance, else why there is none.

        Args:
            pair: name.
            horizon_ms: distance, ms.
            now: bar time of the decision, ms UTC.

        Raises:
            InvariantError: the set is of a later time than ``now``: that would be looking ahead.
        """
        head = self.head
        if now < self.bar_time:
            raise InvariantError(f"a forecast of {self.bar_time} was asked for at {now}")
        if horizon_ms not in head.horizons_ms or pair not in head.pairs:
            return Missing.NOT_ASKED
        row = int(np.searchsorted(self.places, head.pairs.index(pair)))
        if row == len(self.places) or head.pairs[self.places[row]] != pair:
            return Missing.NO_BAR
        column = head.horizons_ms.index(horizon_ms)
        if (reason := int(self.reasons[row, column])) != 0:
            return Missing(reason)
        if now > self.expiry:
            return Missing.EXPIRED
        p_up, low, median, high, expected, net = self.values[row, column].tolist()
        return Forecast(
            p_up, low, median, high, expected, net,
            horizon_ms, self.bar_time, head.forecaster, head.bundle,
        )  # fmt: skip

    def is_same(self, other: ForecastSet) -> bool:
        """Return whether both say the same, bit by bit."""
        return (
            self.head == other.head
            and self.open_time == other.open_time
            and self.places.tolist() == other.places.tolist()
            and self.values.tobytes() == other.values.tobytes()
            and self.reasons.tobytes() == other.reasons.tobytes()
        )
