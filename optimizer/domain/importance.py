"""Say how much of the differences in score a parameter explains by itself.

Scores are ranked, trials are put into equally full groups by the parameter's value, and the share
of the ranks' variance that lies between the groups (eta squared, adjusted for the number of groups
as in Fisher's correlation ratio) is the importance: 0 for a parameter that does not matter, 1 for
one that decides everything alone. Effects that appear only in combination with another parameter
are not seen, and a sampler that has converged hides parameters it no longer varies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np

from optimizer.domain.reporting import ReportStudy
from trading.market.domain.bars import FloatArray, IntArray

GROUPS_MAX: Final = 10
TRIALS_PER_GROUP: Final = 8


def ranks(values: FloatArray) -> FloatArray:
    """Return the ranks of ``values``, float64[n] from 0, equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: FloatArray = (ends - (counts + 1) / 2.0)[inverse]
    return shared


def importance(parameter: FloatArray, score: FloatArray) -> float:
    """Return the share of score ranks explained by one parameter, 0 to 1.

    Args:
        parameter: float64[n], any unit.
        score: float64[n], higher is better; rows that are NaN or infinite are left out.

    Returns:
        NaN below two groups of ``TRIALS_PER_GROUP`` trials; 0 where either does not vary.
    """
    is_known = np.isfinite(score) & np.isfinite(parameter)
    parameter, score = parameter[is_known], score[is_known]
    return _explained(parameter, ranks(score))


def _explained(parameter: FloatArray, rank: FloatArray) -> float:
    """Return ``importance`` of finite values, where the scores are ranked already."""
    n = rank.shape[0]
    groups = min(GROUPS_MAX, n // TRIALS_PER_GROUP)
    if groups < 2:
        return float("nan")
    spread = float(np.var(rank)) * n
    # equal values share a rank, so a switch makes two groups however many were wanted
    group = np.minimum((ranks(parameter) * groups / n).astype(np.int64), groups - 1)
    counts, sums = np.bincount(group), np.bincount(group, weights=rank)
    is_filled = counts > 0
    counts, filled = counts[is_filled], int(is_filled.sum())
    if spread == 0.0 or filled < 2:
        return 0.0
    means = sums[is_filled] / counts
    between = float(np.sum(counts * (means - rank.mean()) ** 2))
    within_share = (1.0 - between / spread) * (n - 1) / (n - filled)
    return float(min(1.0, max(0.0, 1.0 - within_share)))


@dataclass(frozen=True, slots=True, eq=False)
class ParameterTable:
    """The parameters of all complete trials of one strategy.

    Attributes:
        places: int64[k], where the trials stand in the study's columns.
        names: d parameter names, only those that vary.
        values: float64[k, d].
        share: by name, see ``importance``; NaN where there are too few trials.
    """

    strategy: str
    places: IntArray
    names: tuple[str, ...]
    values: FloatArray
    share: Mapping[str, float]


def parameter_tables(
    study: ReportStudy, loads: Callable[[str], Any] = json.loads
) -> tuple[ParameterTable, ...]:
    """Return a table per strategy, by name; the first objective's score is what is explained.

    Args:
        study: the results.
        loads: reads JSON.
    """
    score = study.scores[:, 0]
    members: dict[str, list[int]] = {}
    for place in np.flatnonzero(np.isfinite(score)).tolist():
        members.setdefault(study.strategy[place], []).append(place)
    tables = []
    for strategy, places in sorted(members.items()):
        # one text, because reading each by itself takes twice as long
        rows = loads(f"[{','.join([study.params[place] for place in places])}]")
        tables.append(_table(strategy, np.array(places, dtype=np.int64), rows, score[places]))
    return tuple(tables)


def _table(
    strategy: str, places: IntArray, rows: Sequence[Mapping[str, float]], score: FloatArray
) -> ParameterTable:
    every, values = _values(rows)
    is_first = (values == values[:1]) | (np.isnan(values) & np.isnan(values[:1]))
    varies = np.flatnonzero(~is_first.all(axis=0)).tolist()
    values, names = values[:, varies], tuple(every[i] for i in varies)
    rank = ranks(score)
    share = {
        name: _explained(column, rank) if np.isfinite(column).all() else importance(column, score)
        for name, column in zip(names, np.ascontiguousarray(values.T), strict=True)
    }
    return ParameterTable(strategy, places, names, values, share)


def _values(rows: Sequence[Mapping[str, float]]) -> tuple[list[str], FloatArray]:
    """Return the names in ``rows``, sorted, and float64[k, d], NaN where a row lacks a name."""
    # nearly all rows name the same in the same order, so those are taken without looking names up
    alike: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        alike.setdefault(tuple(row), []).append(place)
    every = sorted(set().union(*alike))
    values = np.full((len(rows), len(every)), np.nan)
    for names, places in alike.items():
        cells = chain.from_iterable([rows[place].values() for place in places])
        own = np.fromiter(cells, np.float64).reshape(len(places), len(names))
        values[np.ix_(places, [every.index(name) for name in names])] = own
    return every, values
