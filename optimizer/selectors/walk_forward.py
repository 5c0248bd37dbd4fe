"""Read what scrutiny made of a whole search: its walk-forward and how likely it overfits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from optimizer.domain.luck.standing import StandingHurdle, VerdictCounts, hurdle_stand
from optimizer.domain.reporting import ReportFold
from optimizer.selectors.studies import StudyView


@dataclass(frozen=True, slots=True)
class FoldView:
    """One step of the walk-forward; percent, None where there was nothing to run.

    ``train_to`` and ``test_to`` are moments of the last bar, so their days belong to the step.
    """

    strategy: str
    number: int
    train_from: datetime
    train_to: datetime
    test_from: datetime
    test_to: datetime
    train_return_pct: float | None
    test_return_pct: float | None
    test_hold_pct: float | None


@dataclass(frozen=True, slots=True)
class SearchVerdict:
    """What is said of the search as a whole; None where it was not examined.

    Attributes:
        pbo: probability, 0 to 1, that the best is no better than the median elsewhere.
        n_searched: trials ever made on the same candles, by now.
        n_earned: steps of the walk-forward that earned where they were tested.
        n_tested: steps with a result.
        verdicts: on the trials that were scrutinised, charged for all trials made by now.
        hurdle: yearly Sharpe ratio the best trial without skill would show, of those made when the
            search was examined and of those made by now.
        holdout_look: how many searches of these candles were tried on the holdout so far.
    """

    pbo: float | None
    n_searched: int
    n_earned: int
    n_tested: int
    verdicts: VerdictCounts
    hurdle: StandingHurdle
    holdout_look: int | None

    @property
    def is_overfit(self) -> bool | None:
        """Return whether the search is more likely overfitting than not."""
        return None if self.pbo is None else self.pbo > 0.5


def fold_list(study: StudyView) -> tuple[FoldView, ...]:
    """Return the steps, oldest first."""
    folds = (ReportFold(**step) for step in study.luck.get("walk_forward", ()))
    return tuple(
        FoldView(
            fold.strategy,
            fold.number,
            _moment(fold.train_from),
            _moment(fold.train_to - 1),
            _moment(fold.test_from),
            _moment(fold.test_to - 1),
            fold.train_return_pct,
            fold.test_return_pct,
            fold.test_hold_pct,
        )
        for fold in folds
    )


def search_verdict(study: StudyView) -> SearchVerdict:
    """Return what is known of the search as a whole."""
    tested = [f.test_return_pct for f in fold_list(study) if f.test_return_pct is not None]
    look = _number(study, "holdout_look")
    return SearchVerdict(
        pbo=_number(study, "pbo"),
        n_searched=study.n_searched,
        n_earned=sum(gain > 0 for gain in tested),
        n_tested=len(tested),
        verdicts=study.verdicts or VerdictCounts(),
        hurdle=hurdle_stand(study.luck, study.n_searched),
        holdout_look=None if look is None else int(look),
    )


def _number(study: StudyView, name: str) -> float | None:
    value = study.luck.get(name)
    return float(value) if isinstance(value, int | float) else None


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
