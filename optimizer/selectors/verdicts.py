"""Read verdicts as they stand: charged for every trial made on the same candles until now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet

from optimizer.domain.luck.figures import FIGURE_NAMES, LuckFigures
from optimizer.domain.luck.standing import StandingVerdict, VerdictCounts, verdict_stand
from optimizer.domain.luck.verdict import LuckVerdict
from optimizer.models import Study, TrialLuck

_NAMES: Final = ("trial_id", "verdict", "reasons", "figures", "codes", "ledger_trials")


def verdicts_read(rows: QuerySet[TrialLuck], n_made: int) -> dict[int, StandingVerdict]:
    """Return verdicts by the keys of their trials, in one query.

    Args:
        rows: of trials on the same candles.
        n_made: trials ever made on these candles.
    """
    return {row[0]: _standing(row[1:], n_made) for row in rows.order_by().values_list(*_NAMES)}


def verdicts_count(studies: Sequence[Study], made: Mapping[int, int]) -> dict[int, VerdictCounts]:
    """Return how many trials have which verdict, by study, in one query or in none.

    Args:
        studies: examined or not; only the examined are answered for.
        made: by study, trials ever made on its candles; where there are more than when it was
            examined, what luck did not explain is judged again.
    """
    found, grown = {}, {}
    for study in studies:
        luck = study.luck
        if luck.get("examined"):
            found[study.pk] = VerdictCounts(*(int(luck.get(name) or 0) for name in LuckVerdict))
            if made[study.pk] > int(luck.get("n_searched") or made[study.pk]):
                grown[study.pk] = made[study.pk]
    if grown:
        rows = TrialLuck.objects.filter(trial__study__in=[*grown]).order_by()
        open_ones = rows.exclude(verdict=LuckVerdict.EXPLAINED)  # more trials mend no verdict
        standing: dict[int, list[LuckVerdict]] = {study: [] for study in grown}
        for key, _, *row in open_ones.values_list("trial__study_id", *_NAMES):
            standing[key].append(_standing(row, grown[key]).verdict)
        for key, verdicts in standing.items():
            closed = [LuckVerdict.EXPLAINED] * found[key].explained
            found[key] = VerdictCounts.of([*closed, *verdicts])
    return found


def _standing(row: Iterable[Any], n_made: int) -> StandingVerdict:
    verdict, reasons, figures, codes, n_judged = row
    stored = StandingVerdict(
        verdict=LuckVerdict(verdict),
        reasons=tuple(reasons),
        figures=LuckFigures(**{name: figures.get(name) for name in FIGURE_NAMES}),
        codes=tuple(codes),
        n_judged=n_judged,
        n_charged=n_judged,
        n_made=n_judged,
    )
    return verdict_stand(stored, n_made)
