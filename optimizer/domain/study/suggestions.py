"""Name what goes to a worker: where a sampler put a trial, and which parameters that stands for.

Points travel and parameters do not: a point is a few packed numbers, and whoever evaluates has
time to look up what they mean. The first trial of a strategy tries its defaults, which the way
through the cube would round.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from optimizer.domain.search.space import Space
from optimizer.domain.systems import system_get


class Suggestion(NamedTuple):
    """A trial to evaluate.

    Attributes:
        point: packed float64[d] in [0, 1], in the order of the strategy's parameters.
        is_default: the parameters are the defaults; the point says where they lie.
    """

    number: int
    strategy: str
    point: bytes
    is_default: bool = False


def default_suggest(number: int, strategy: str) -> Suggestion:
    """Return the trial of a strategy's defaults; parameters outside the cube lie at its edge.

    Raises:
        BadInputError: the strategy is unknown.
    """
    defaults = system_get(strategy).strategy.resolve({})
    return Suggestion(number, strategy, _space(strategy).point(defaults).tobytes(), True)


def suggestion_params(suggestion: Suggestion) -> dict[str, float]:
    """Return the parameters to evaluate, the same bits wherever they are asked for.

    Raises:
        BadInputError: the strategy is unknown.
    """
    if suggestion.is_default:
        return system_get(suggestion.strategy).strategy.resolve({})
    return _space(suggestion.strategy).params(np.frombuffer(suggestion.point))


@cache
def _space(strategy: str) -> Space:
    return Space.of(strategy, system_get(strategy).strategy.params)
