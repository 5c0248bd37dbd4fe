"""Verdicts of the earlier rule become three, none of them survives, and each says whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from optimizer.domain.luck import sharpe
from optimizer.domain.luck.sharpe import ReturnMoments, deflated_sharpe, luck_chance, luck_hurdle
from optimizer.models import Study, TrialLuck
from optimizer.models.trials import TRIAL_SPACE
from optimizer.selectors.verdicts import verdicts_read
from tests import factories as make
from tests.integration.test_scores_migration import migrate, migrate_to_newest

pytestmark = pytest.mark.django_db(transaction=True)
N_JUDGED: Final = 300
STRONG, WEAK = (ReturnMoments(240, ratio, 0.3, 4.0) for ratio in (0.38, 0.12))
DEFLATED: Final = ("deflated_sharpe", "The deflated Sharpe ratio is 0.021, below 0.95.")
HOLDOUT: Final = ("holdout_loss", "It lost 8.20 % on the holdout.")


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """Leave the tables as the other tests want them."""
    yield
    migrate_to_newest()


def figures(moments: ReturnMoments | None) -> dict[str, Any]:
    """Return what the earlier rule kept, by a hurdle that held the edge."""
    if moments is None:
        return {"deflated_sharpe": 0.97}
    return {
        "deflated_sharpe": deflated_sharpe(moments, N_JUDGED, 0.018),
        "daily_sharpe": moments.sharpe * 20.0,
        "sharpe_periods": float(moments.n),
        "sharpe_per_period": moments.sharpe,
        "sharpe_skewness": moments.skewness,
        "sharpe_kurtosis": moments.kurtosis,
        "sharpe_variance": 0.018,
    }


# moments, explained, codes and sentences; the verdict and the codes they become
ROWS: Final = (
    (STRONG, True, [DEFLATED], "not_proven", ["earlier_rule"]),
    (STRONG, True, [DEFLATED, HOLDOUT], "not_proven", ["holdout_loss", "earlier_rule"]),
    (STRONG, False, [], "not_proven", ["earlier_rule"]),
    (WEAK, True, [DEFLATED], "explained", ["luck_suffices", "deflated_sharpe", "earlier_rule"]),
    (None, True, [("", HOLDOUT[1])], "explained", ["luck_suffices", *2 * ["earlier_rule"]]),
    (None, False, [], "not_proven", ["earlier_rule"]),
)  # fmt: skip


@pytest.fixture
def study() -> Study:
    """Return a study examined by the earlier rule, brought to the newest tables."""
    luck = {"examined": 6, "explained": 4, "n_searched": N_JUDGED, "sharpe_variance": 7.2,
            "sharpe_hurdle": luck_hurdle(7.2, N_JUDGED)}  # fmt: skip
    made = make.study(luck=luck)
    make.trials(made, make.records(len(ROWS)))
    old = migrate("0005_ledger_path").get_model("optimizer", "TrialLuck").objects
    for number, (moments, explained, reasons, *_) in enumerate(ROWS):
        old.create(
            trial_id=made.pk * TRIAL_SPACE + number,
            explained=explained,
            codes=[code for code, _ in reasons if code],
            reasons=[said for _, said in reasons],
            figures=figures(moments),
            ledger_trials=N_JUDGED,
            created_at=made.created_at,
        )
    migrate_to_newest()
    made.refresh_from_db()
    return made


def test_luck_explains_what_the_variance_without_the_edge_explains(study: Study) -> None:
    rows = list(TrialLuck.objects.filter(trial__study=study).order_by("pk"))
    assert [(row.verdict, row.codes) for row in rows] == [(row[-2], row[-1]) for row in ROWS]
    for row in rows:
        assert len(row.reasons) == len(row.codes)
        assert "examined by an earlier rule" in row.reasons[-1]
    assert "the best of 300 trials without skill" in rows[3].reasons[0]
    assert rows[4].reasons[1] == HOLDOUT[1]


def test_figures_and_hurdle_are_those_of_the_present_variance(study: Study) -> None:
    row = TrialLuck.objects.order_by("pk")[0]
    found = row.figures
    assert found["deflated_sharpe"] == pytest.approx(deflated_sharpe(STRONG, N_JUDGED))
    assert found["luck_probability"] == pytest.approx(luck_chance(STRONG.sharpe, 240, N_JUDGED))
    assert {name: study.luck[name] for name in ("explained", "not_proven", "survives")} == {
        "explained": 2, "not_proven": 4, "survives": 0,
    }  # fmt: skip
    yearly = 400.0 * sharpe.null_variance(240)
    assert study.luck["sharpe_variance"] == pytest.approx(yearly)
    assert study.luck["sharpe_hurdle"] == pytest.approx(luck_hurdle(yearly, N_JUDGED))


def test_they_are_read_and_charged_for_later_trials_and_never_survive(study: Study) -> None:
    rows = TrialLuck.objects.filter(trial__study=study)
    for n_made in (N_JUDGED, 10**9):
        found = list(verdicts_read(rows, n_made).values())
        assert all(luck.verdict != "survives" for luck in found)
        assert all("earlier_rule" in luck.codes for luck in found)
        assert [luck.is_behind for luck in found][-1] == (n_made > N_JUDGED)
    assert found[0].verdict == "explained"
