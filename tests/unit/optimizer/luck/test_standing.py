"""A verdict is charged for the trials made since; one that cannot be says at how many it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.domain.luck import sharpe
from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.standing import (
    StandingHurdle,
    StandingVerdict,
    hurdle_stand,
    verdict_stand,
)
from optimizer.domain.luck.verdict import DEFLATED_LEAST, Evidence, judge

MOMENTS = sharpe.ReturnMoments(365, 0.27, 0.4, 5.1)
VARIANCE = 1 / 364
EVIDENCE = Evidence(return_pct=90.0, n_trades=40, n_searched=200, loss_share=0.3)


def figures(n_trials: int, **changes: float) -> LuckFigures:
    found = LuckFigures(
        deflated_sharpe=sharpe.deflated_sharpe(MOMENTS, n_trials, VARIANCE),
        plateau_return_pct=4.0,
        sharpe_periods=float(MOMENTS.n),
        sharpe_per_period=MOMENTS.sharpe,
        sharpe_skewness=MOMENTS.skewness,
        sharpe_kurtosis=MOMENTS.kurtosis,
        sharpe_variance=VARIANCE,
    )
    return replace(found, **changes)


def judged(n_trials: int, **changes: float) -> StandingVerdict:
    """Return a verdict as it is stored after ``n_trials``."""
    verdict = judge(figures(n_trials, **changes), replace(EVIDENCE, n_searched=n_trials))
    return StandingVerdict(
        explained=verdict.explained,
        reasons=tuple(finding.sentence for finding in verdict.findings),
        figures=verdict.figures,
        codes=tuple(finding.reason.value for finding in verdict.findings),
        n_judged=n_trials,
        n_charged=n_trials,
        n_made=n_trials,
    )


def test_a_survivor_of_a_short_search_is_luck_after_a_long_one() -> None:
    early = judged(200)
    assert not early.explained
    late = verdict_stand(early, 26_400)
    assert late.explained
    assert late.codes == ("deflated_sharpe",)
    assert "26\u202f400 trials" in late.reasons[0]
    assert late.figures.deflated_sharpe is not None
    assert late.figures.deflated_sharpe < DEFLATED_LEAST
    assert (late.n_judged, late.n_charged, late.n_made) == (200, 26_400, 26_400)
    assert not late.is_behind


@pytest.mark.parametrize("changes", [{}, {"plateau_return_pct": -1.0, "holdout_return_pct": -3.0}])
@pytest.mark.parametrize("n_made", [201, 3_000, 26_400, 10**9])
def test_it_becomes_what_judging_it_then_would_have_given(
    changes: dict[str, float], n_made: int
) -> None:
    stood, then = verdict_stand(judged(200, **changes), n_made), judged(n_made, **changes)
    assert stood == replace(then, n_judged=200)


def test_nothing_changes_while_no_trial_is_made_and_never_for_fewer() -> None:
    early = judged(200)
    assert verdict_stand(early, 200) == early
    assert verdict_stand(early, 7) == early


def test_a_verdict_without_the_moments_stays_as_judged_and_says_so() -> None:
    old = judged(200, sharpe_skewness=None)  # type: ignore[arg-type]
    late = verdict_stand(old, 26_400)
    assert late.is_behind
    assert late.figures == old.figures
    assert (late.explained, late.n_charged, late.n_made) == (False, 200, 26_400)
    assert not verdict_stand(old, 200).is_behind


def test_a_verdict_without_codes_stays_as_judged_too() -> None:
    late = verdict_stand(replace(judged(200), explained=True, reasons=("It lost.",)), 26_400)
    assert late.is_behind
    assert late.reasons == ("It lost.",)


def test_a_verdict_without_the_ratio_does_not_depend_on_the_count() -> None:
    still = replace(judged(200), figures=LuckFigures(daily_sharpe=0.0))
    late = verdict_stand(still, 26_400)
    assert not late.is_behind
    assert (late.explained, late.n_charged) == (False, 26_400)


def test_the_hurdle_grows_with_the_trials_and_keeps_what_it_was() -> None:
    luck = {
        "n_searched": 200,
        "sharpe_hurdle": sharpe.luck_hurdle(0.9, 200),
        "sharpe_variance": 0.9,
    }
    found = hurdle_stand(luck, 26_400)
    assert found == StandingHurdle(
        200, sharpe.luck_hurdle(0.9, 200), 26_400, sharpe.luck_hurdle(0.9, 26_400)
    )
    assert found.has_grown
    before = {name: luck[name] for name in ("n_searched", "sharpe_hurdle")}
    assert hurdle_stand(before, 26_400).now == pytest.approx(found.now)
    assert not hurdle_stand(luck, 200).has_grown
    assert hurdle_stand(luck, 200).now == hurdle_stand(luck, 200).judged


def test_a_hurdle_that_cannot_be_told_is_none() -> None:
    assert hurdle_stand({}, 60) == StandingHurdle(n_made=60)
    alone = hurdle_stand({"n_searched": 1, "sharpe_hurdle": 0.0}, 60)
    assert (alone.judged, alone.now, alone.has_grown) == (0.0, None, True)
