"""What a strategy is: named features, parameters with bounds, and one pure decision kernel.

A strategy never sees the future because it never sees an array: at each closed bar it gets the
bar, the current value of the features it asked for, its parameters and its own small state. The
feature values are computed once per pair and bar and shared by all strategies. The same object
serves the desk (bar by bar) and the optimizer, whose batch kernels must agree with ``decide``.

Prices are quote per base, float64; features are NaN until warm, and ``decide`` is not called
before ``min_bars`` bars were seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE, FloatArray

BUY: Final = 1
SELL: Final = -1
NONE: Final = 0

Params = Mapping[str, float]


class FeatureKind(IntEnum):
    """Every feature the shared indicator cache can keep, one O(1) streaming update each.

    ``x`` is the chosen column. Rolling kinds are NaN until ``period`` values exist (PREV_* until
    ``period`` values exist before the current one; a change needs two bars; ``warm_bars`` counts).
    EWMA_* start from the first return and are NaN until ``period`` returns were seen.
    """

    SMA = 1  # mean of the last period x
    EMA = 2  # recursive, alpha 2/(period+1), seeded with the first value; never NaN
    STD = 3  # population standard deviation of the last period x
    ROLLING_MAX = 4  # largest of the last period x, current included
    ROLLING_MIN = 5
    PREV_MAX = 6  # largest of the period x before the current one
    PREV_MIN = 7
    LOG_RETURN = 8  # ln(x / x[period bars ago])
    RSI_WILDER = 9  # 0..100, Wilder smoothing seeded with the simple mean (as TA-Lib)
    RSI_SIMPLE = 10  # 0..100, simple means of gains and losses
    ATR_WILDER = 11  # Wilder average true range seeded with the simple mean (as TA-Lib)
    ATR_SIMPLE = 12  # simple mean of true range
    PREV_MEAN = 13  # mean of the period x before the current one
    LOG_RETURN_STD = 14  # population deviation of the last period one-bar log returns
    UP_SHARE = 15  # share of the last period one-bar log returns above zero, flat ones count half
    EWMA_RETURN = 16  # exponentially weighted mean of one-bar log returns, alpha 2/(period+1)
    EWMA_VARIANCE = 17  # exponentially weighted variance of one-bar log returns
    RSI_LOG = 18  # 0..100, Wilder smoothing of log returns: mirrors exactly when price inverts
    MEAN_ABS_CHANGE = 19  # simple mean of |x - x[1 bar ago]| over period
    LAG = 20  # x[period bars ago]
    PREV_RETURN_STD = 21  # LOG_RETURN_STD of the bar before: a baseline without the current bar


CHANGE_KINDS: Final = frozenset(
    {
        FeatureKind.LOG_RETURN,
        FeatureKind.RSI_WILDER,
        FeatureKind.RSI_SIMPLE,
        FeatureKind.ATR_WILDER,
        FeatureKind.LOG_RETURN_STD,
        FeatureKind.UP_SHARE,
        FeatureKind.EWMA_RETURN,
        FeatureKind.EWMA_VARIANCE,
        FeatureKind.RSI_LOG,
        FeatureKind.MEAN_ABS_CHANGE,
        FeatureKind.LAG,
        FeatureKind.PREV_RETURN_STD,
    }
)  # need one bar more than period, because a change needs two bars
DELAYED_KINDS: Final = frozenset(
    {
        FeatureKind.PREV_MAX,
        FeatureKind.PREV_MIN,
        FeatureKind.PREV_MEAN,
        FeatureKind.PREV_RETURN_STD,
    }
)  # the value another kind had one bar earlier


@dataclass(frozen=True, slots=True, order=True)
class Feature:
    """One feature of one pair: what, over how many bars, of which column."""

    kind: FeatureKind
    period: int
    column: int = CLOSE


def warm_bars(feature: Feature) -> int:
    """Return how many bars must have been seen until ``feature`` has a value."""
    if feature.kind is FeatureKind.EMA:
        return 1
    bars = feature.period
    if feature.kind in CHANGE_KINDS:
        bars += 1
    if feature.kind in DELAYED_KINDS:
        bars += 1
    return bars


def until_warm(
    features: Callable[[Params, int], tuple[Feature, ...]],
) -> Callable[[Params, int], int]:
    """Return the ``min_bars`` of a strategy that waits until all its ``features`` have a value."""
    return lambda params, step_ms: max(map(warm_bars, features(params, step_ms)))


@dataclass(frozen=True, slots=True)
class Param:
    """One tunable number with its sane range.

    Attributes:
        kind: "int" or "float".
        low, high: where a search looks.
        log: search on a logarithmic scale.
        allowed: what a person may ask for, when that is wider than what a search should try.
        aliases: other names under which published parameter sets carry this number.
        is_read: False where published sets carry it and the strategy never reads it.
    """

    name: str
    kind: str
    default: float
    low: float
    high: float
    unit: str
    log: bool = False
    allowed: tuple[float, float] | None = None
    aliases: tuple[str, ...] = ()
    is_read: bool = True

    def check(self, value: float) -> float:
        """Return ``value`` as this parameter's type.

        Raises:
            BadInputError: not finite, not whole where an int is due, or outside the range; it
                says the nearest right value.
        """
        low, high = self.allowed or (self.low, self.high)
        if not (low <= value <= high and math.isfinite(value)):
            raise BadInputError(
                f"{self.name} was {value!r}; expected {low:g} to {high:g} {self.unit}"
                f"{self._hint(value, low, high)}"
            )
        if self.kind == "int" and value != int(value):
            raise BadInputError(
                f"{self.name} was {value!r}; expected a whole number; the nearest is "
                f"{min(max(math.floor(value + 0.5), math.ceil(low)), math.floor(high))}"
            )
        return int(value) if self.kind == "int" else float(value)

    def _hint(self, value: float, low: float, high: float) -> str:
        """Return the nearest right value: a share may be meant in percent, or with its sign."""
        if not math.isfinite(value):
            return ""
        if self.unit.startswith("of "):
            is_percent = abs(value) > 1.0
            meant = [value / 100, -value / 100] if is_percent else [-value]
            says = f", {abs(value):g} %" if is_percent else ""
            for right in meant:
                if low <= right <= high:
                    return f"; did you mean {right:g}{says}?"
        return f"; the nearest is {min(max(value, low), high):g}"


# decide(bar, features, params, state, out) -> BUY, SELL or NONE
#   bar: float64[5] open, high, low, close, volume of the bar just closed
#   features: float64[m] in the order of Strategy.features
#   params: float64[k] as Strategy.kernel_params made them
#   state: float64[state_size], zeros at first, changed in place
#   out: float64[2] written: strength 0..1, confidence 0..1 (only read when not NONE)
Decide = Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray], int]


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named, pure rule; instances are module constants collected by the registry.

    Attributes:
        two_sided: a mirrored price path flips the side of every trigger (checked by a law test).
        features: features wanted, from (params, timeframe in ms).
        kernel_params: the float64 vector ``decide`` reads, from (params, timeframe in ms).
        min_bars: bars that must have been seen before ``decide`` is called.
        decide: numba kernel, see ``Decide``.
    """

    name: str
    title: str
    summary: str
    source: str
    params: tuple[Param, ...]
    two_sided: bool
    state_size: int
    features: Callable[[Params, int], tuple[Feature, ...]]
    kernel_params: Callable[[Params, int], FloatArray]
    min_bars: Callable[[Params, int], int]
    decide: Decide
    # by every name it may be given under
    _param_of: Mapping[str, Param] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the parameters."""
        names = {name: param for param in self.params for name in (param.name, *param.aliases)}
        object.__setattr__(self, "_param_of", names)

    def resolve(self, given: Mapping[str, float]) -> dict[str, float]:
        """Return all parameters: the given ones checked, the rest at their defaults.

        Raises:
            BadInputError: an unknown name or a value outside its range.
        """
        values: dict[str, float] = {}
        for name, value in given.items():
            param = self._param_of.get(name)
            if param is None:
                known = ", ".join(param.name for param in self.params) or "none"
                raise BadInputError(f"{self.name} has no parameter {name!r}; it has {known}")
            if param.name in values:
                raise BadInputError(f"{self.name} was given {param.name} twice ({name!r})")
            values[param.name] = value
        return {
            param.name: param.check(values.get(param.name, param.default)) for param in self.params
        }
