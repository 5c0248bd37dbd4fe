"""Say how much of the differences in score a parameter explains by itself.

Scores are ranked, trials are put into equally full groups by the parameter's value, and the share
of the ranks' variance that lies between the groups (eta squared, adjusted for the number of groups
as in Fisher's correlation ratio) is the importance: 0 for a parameter that does not matter, 1 for
one that decides everything alone. Effects that appear only in combination with another parameter
are not seen, and a sampler that has converged hides parameters it no longer varies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.domain.reporting import ReportStudy
from trading.domain.market.bars import FloatArray, IntArray

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
    n = score.shape[0]
    groups = min(GROUPS_MAX, n // TRIALS_PER_GROUP)
    if groups < 2:
        return float("nan")
    rank = ranks(score)
    spread = float(np.var(rank)) * n
    # equal values share a rank, so a switch makes two groups however many were wanted
    group = np.minimum((ranks(parameter) * groups / n).astype(np.int64), groups - 1)
    _, member = np.unique(group, return_inverse=True)
    filled = int(member.max()) + 1
    if spread == 0.0 or filled < 2:
        return 0.0
    counts = np.bincount(member)
    means = np.bincount(member, weights=rank) / counts
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


def parameter_tables(study: ReportStudy) -> tuple[ParameterTable, ...]:
    """Return a table per strategy, by name; the first objective's score is what is explained."""
    score = study.scores[:, 0]
    members: dict[str, list[int]] = {}
    for place in np.flatnonzero(np.isfinite(score)).tolist():
        members.setdefault(study.strategy[place], []).append(place)
    return tuple(
        _table(study, strategy, np.array(places, dtype=np.int64), score)
        for strategy, places in sorted(members.items())
    )


def _table(
    study: ReportStudy, strategy: str, places: IntArray, score: FloatArray
) -> ParameterTable:
    # one text, because reading each by itself takes twice as long
    rows = json.loads(f"[{','.join([study.params[place] for place in places.tolist()])}]")
    every = sorted({name for row in rows for name in row})
    values = np.array([[row.get(name, np.nan) for name in every] for row in rows], dtype=np.float64)
    values = values.reshape(len(rows), len(every))
    is_first = (values == values[:1]) | (np.isnan(values) & np.isnan(values[:1]))
    varies = np.flatnonzero(~is_first.all(axis=0)).tolist()
    names = tuple(every[i] for i in varies)
    share = {
        name: importance(values[:, i], score[places]) for name, i in zip(names, varies, strict=True)
    }
    return ParameterTable(strategy, places, names, values[:, varies], share)
