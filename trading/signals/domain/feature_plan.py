"""Lay out the memory of streamed features: which numbers each one keeps, and where.

Every feature kind is a source (what number a bar yields) fed to an aggregate (how the last
``period`` of them are condensed), optionally delayed by one bar. ``feature_kernels`` interprets
the plan made here. One float64 vector holds everything, so that copying it is a snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import CLOSE, VOLUME, IntArray
from trading.signals.domain.strategies.base import DELAYED_KINDS, Feature, FeatureKind

MAX_PERIOD: Final = 200_000  # bars; keeps one feature's window below 4 MB
HEADER: Final = 12  # bars seen, the last bar (5), the bar before it (5), feature updates made
SLOT_HEAD: Final = 3  # per feature: delayed output, two accumulators; its windows follow


class Source(IntEnum):
    """The number one bar yields; those from LINKED on need the bar before."""

    VALUE = 0
    RANGE = 1  # true range, of the first bar high - low
    LINKED_RANGE = 2  # true range, undefined for the first bar
    CHANGE = 3
    ABS_CHANGE = 4
    LOG_CHANGE = 5
    UP_MARK = 6  # 1 up, 0.5 flat, 0 down


class Aggregate(IntEnum):
    """How the numbers of the window become the feature's value."""

    MEAN = 0
    DEVIATION = 1
    LARGEST = 2
    SMALLEST = 3
    LAG = 4
    LOG_RATIO = 5
    EMA = 6
    EWMA_MEAN = 7
    EWMA_VARIANCE = 8
    WILDER_MEAN = 9
    WILDER_RSI = 10
    SIMPLE_RSI = 11


class Recipe(NamedTuple):
    """What a feature kind is made of."""

    source: Source
    aggregate: Aggregate


RECIPES: Final[dict[FeatureKind, Recipe]] = {
    FeatureKind.SMA: Recipe(Source.VALUE, Aggregate.MEAN),
    FeatureKind.EMA: Recipe(Source.VALUE, Aggregate.EMA),
    FeatureKind.STD: Recipe(Source.VALUE, Aggregate.DEVIATION),
    FeatureKind.ROLLING_MAX: Recipe(Source.VALUE, Aggregate.LARGEST),
    FeatureKind.ROLLING_MIN: Recipe(Source.VALUE, Aggregate.SMALLEST),
    FeatureKind.PREV_MAX: Recipe(Source.VALUE, Aggregate.LARGEST),
    FeatureKind.PREV_MIN: Recipe(Source.VALUE, Aggregate.SMALLEST),
    FeatureKind.LOG_RETURN: Recipe(Source.VALUE, Aggregate.LOG_RATIO),
    FeatureKind.RSI_WILDER: Recipe(Source.CHANGE, Aggregate.WILDER_RSI),
    FeatureKind.RSI_SIMPLE: Recipe(Source.CHANGE, Aggregate.SIMPLE_RSI),
    FeatureKind.ATR_WILDER: Recipe(Source.LINKED_RANGE, Aggregate.WILDER_MEAN),
    FeatureKind.ATR_SIMPLE: Recipe(Source.RANGE, Aggregate.MEAN),
    FeatureKind.PREV_MEAN: Recipe(Source.VALUE, Aggregate.MEAN),
    FeatureKind.LOG_RETURN_STD: Recipe(Source.LOG_CHANGE, Aggregate.DEVIATION),
    FeatureKind.UP_SHARE: Recipe(Source.UP_MARK, Aggregate.MEAN),
    FeatureKind.EWMA_RETURN: Recipe(Source.LOG_CHANGE, Aggregate.EWMA_MEAN),
    FeatureKind.EWMA_VARIANCE: Recipe(Source.LOG_CHANGE, Aggregate.EWMA_VARIANCE),
    FeatureKind.RSI_LOG: Recipe(Source.LOG_CHANGE, Aggregate.WILDER_RSI),
    FeatureKind.MEAN_ABS_CHANGE: Recipe(Source.ABS_CHANGE, Aggregate.MEAN),
    FeatureKind.LAG: Recipe(Source.VALUE, Aggregate.LAG),
    FeatureKind.PREV_RETURN_STD: Recipe(Source.LOG_CHANGE, Aggregate.DEVIATION),
}

_RANGE_SOURCES: Final = (Source.RANGE, Source.LINKED_RANGE)
_LOG_SOURCES: Final = (Source.LOG_CHANGE,)
_WINDOWS: Final[dict[Aggregate, int]] = {
    Aggregate.MEAN: 1,
    Aggregate.DEVIATION: 2,
    Aggregate.LARGEST: 1,
    Aggregate.SMALLEST: 1,
    Aggregate.LAG: 1,
    Aggregate.LOG_RATIO: 1,
    Aggregate.SIMPLE_RSI: 2,
}  # windows of ``period`` numbers kept; the recursive ones keep none

PLAN_COLUMNS: Final = 6  # source, aggregate, period, column, offset, delayed


def check_feature(feature: Feature) -> None:
    """Refuse a feature that has no meaning.

    Raises:
        BadInputError: the period is outside 1 to ``MAX_PERIOD``, the column does not exist, a
            range is asked of another column than close, or a logarithm of the volume.
    """
    name = feature.kind.name
    if not 1 <= feature.period <= MAX_PERIOD:
        raise BadInputError(f"{name} period was {feature.period}; expected 1 to {MAX_PERIOD} bars")
    if not 0 <= feature.column <= VOLUME:
        raise BadInputError(f"{name} column was {feature.column}; expected 0 to {VOLUME}")
    recipe = RECIPES[feature.kind]
    if recipe.source in _RANGE_SOURCES and feature.column != CLOSE:
        raise BadInputError(f"{name} column was {feature.column}; a true range has only {CLOSE}")
    has_log = recipe.source in _LOG_SOURCES or recipe.aggregate is Aggregate.LOG_RATIO
    if has_log and feature.column == VOLUME:
        raise BadInputError(f"{name} was asked of the volume, which may be 0; expected a price")


def plan_make(features: Sequence[Feature]) -> tuple[IntArray, int]:
    """Return the plan of ``features`` and how many float64 all of them need.

    Returns:
        int64[n, PLAN_COLUMNS], one row per feature, and the length of the memory vector.

    Raises:
        BadInputError: see ``check_feature``.
    """
    plan = np.zeros((len(features), PLAN_COLUMNS), dtype=np.int64)
    offset = HEADER
    for row, feature in zip(plan, features, strict=True):
        check_feature(feature)
        source, aggregate = RECIPES[feature.kind]
        delayed = feature.kind in DELAYED_KINDS
        row[:] = (source, aggregate, feature.period, feature.column, offset, delayed)
        offset += SLOT_HEAD + _WINDOWS.get(aggregate, 0) * feature.period
    return plan, offset
