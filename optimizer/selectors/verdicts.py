"""Read verdicts as they stand: charged for every trial made on the same candles until now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from optimizer.domain.luck.figures import FIGURE_NAMES, LuckFigures
from optimizer.domain.luck.standing import StandingVerdict, verdict_stand
from optimizer.models import Study, TrialLuck

_NAMES: Final = ("trial_id", "explained", "reasons", "figures", "codes", "ledger_trials")


@dataclass(frozen=True, slots=True)
class Survivors:
    """How many examined trials luck does not explain.

    Attributes:
        n: of them, as far as is known. n_behind: of these, judged before later trials were made
            that their verdicts cannot be charged for.
    """

    n: int
    n_behind: int = 0


def verdicts_read(rows: QuerySet[TrialLuck], n_made: int) -> dict[int, StandingVerdict]:
    """Return verdicts by the keys of their trials, in one query.

    Args:
        rows: of trials on the same candles.
        n_made: trials ever made on these candles.
    """
    return {row[0]: _standing(row[1:], n_made) for row in rows.order_by().values_list(*_NAMES)}


def survivors_count(studies: Sequence[Study], made: Mapping[int, int]) -> dict[int, Survivors]:
    """Return the survivors by study, in one query where trials were made since, or in none.

    Args:
        studies: examined or not; only the examined are answered for.
        made: by study, trials ever made on its candles.
    """
    found, grown = {}, {}
    for study in studies:
        luck = study.luck
        if luck.get("examined"):
            found[study.pk] = Survivors(int(luck["examined"]) - int(luck.get("explained") or 0))
            if made[study.pk] > int(luck.get("n_searched") or made[study.pk]):
                grown[study.pk] = made[study.pk]
    if grown:
        found |= _counted(grown)
    return found


def _counted(grown: Mapping[int, int]) -> dict[int, Survivors]:
    rows = TrialLuck.objects.filter(trial__study__in=[*grown], explained=False).order_by()
    standing: dict[int, list[StandingVerdict]] = {study: [] for study in grown}
    for study, _, *row in rows.values_list("trial__study_id", *_NAMES):
        standing[study].append(_standing(row, grown[study]))
    return {
        study: Survivors(
            n=sum(not verdict.explained for verdict in verdicts),
            n_behind=sum(not verdict.explained and verdict.is_behind for verdict in verdicts),
        )
        for study, verdicts in standing.items()
    }


def _standing(row: Iterable[Any], n_made: int) -> StandingVerdict:
    explained, reasons, figures, codes, n_judged = row
    stored = StandingVerdict(
        explained=explained,
        reasons=tuple(reasons),
        figures=LuckFigures(**{name: figures.get(name) for name in FIGURE_NAMES}),
        codes=tuple(codes),
        n_judged=n_judged,
        n_charged=n_judged,
        n_made=n_judged,
    )
    return verdict_stand(stored, n_made)
