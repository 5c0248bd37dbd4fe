"""A verdict is charged for the trials made since; one that cannot be says at how many it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.domain.luck import sharpe
from optimizer.domain.luck.figures import LuckFigures, recounted
from optimizer.domain.luck.standing import (
    StandingHurdle,
    StandingVerdict,
    VerdictCounts,
    hurdle_stand,
    verdict_stand,
)
from optimizer.domain.luck.verdict import DEFLATED_LEAST, Evidence, LuckVerdict, judge

MOMENTS = sharpe.ReturnMoments(365, 0.27, 0.4, 5.1)
EVIDENCE = Evidence(return_pct=90.0, n_trades=40, n_searched=200, loss_share=0.3)


def figures(n_trials: int, **changes: float) -> LuckFigures:
    found = LuckFigures(
        holdout_luck_probability=0.2,
        plateau_return_pct=4.0,
        sharpe_periods=float(MOMENTS.n),
        sharpe_per_period=MOMENTS.sharpe,
        sharpe_skewness=MOMENTS.skewness,
        sharpe_kurtosis=MOMENTS.kurtosis,
    )
    return replace(recounted(found, n_trials), **changes)


def judged(n_trials: int, **changes: float) -> StandingVerdict:
    """Return a verdict as it is stored after ``n_trials``."""
    judgement = judge(figures(n_trials, **changes), replace(EVIDENCE, n_searched=n_trials))
    return StandingVerdict(
        verdict=judgement.verdict,
        reasons=tuple(finding.sentence for finding in judgement.findings),
        figures=judgement.figures,
        codes=tuple(finding.reason.value for finding in judgement.findings),
        n_judged=n_trials,
        n_charged=n_trials,
        n_made=n_trials,
    )


def test_a_survivor_of_a_short_search_is_not_proven_after_a_long_one_and_luck_after_more() -> None:
    early = judged(200)
    assert early.verdict is LuckVerdict.SURVIVES
    late = verdict_stand(early, 26_400)
    assert late.verdict is LuckVerdict.NOT_PROVEN
    assert late.codes == ("deflated_sharpe",)
    assert "26\u202f400 trials" in late.reasons[0]
    assert late.figures.deflated_sharpe is not None
    assert late.figures.deflated_sharpe < DEFLATED_LEAST
    assert (late.n_judged, late.n_charged, late.n_made) == (200, 26_400, 26_400)
    assert not late.is_behind
    end = verdict_stand(early, 10**9)
    assert end.verdict is LuckVerdict.EXPLAINED
    assert end.codes == ("luck_suffices", "deflated_sharpe")


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
    old = judged(200, luck_probability=None, sharpe_skewness=None)  # type: ignore[arg-type]
    late = verdict_stand(old, 26_400)
    assert late.is_behind
    assert late.figures == old.figures
    assert (late.verdict, late.n_charged, late.n_made) == (LuckVerdict.NOT_PROVEN, 200, 26_400)
    assert not verdict_stand(old, 200).is_behind


def test_a_verdict_without_the_ratio_does_not_depend_on_the_count() -> None:
    still = replace(judged(200), figures=LuckFigures(daily_sharpe=0.0))
    late = verdict_stand(still, 26_400)
    assert not late.is_behind
    assert (late.verdict, late.n_charged) == (LuckVerdict.SURVIVES, 26_400)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((93, 5, 2), "2 survive scrutiny, 5 are not proven, luck explains 93"),
        ((0, 1, 1), "1 survives scrutiny, 1 is not proven, luck explains 0"),
        ((9, 0, 0), "0 survive scrutiny, 0 are not proven, luck explains 9"),
    ],
)
def test_counts_are_said_in_words(counts: tuple[int, int, int], said: str) -> None:
    verdicts = [v for v, n in zip(LuckVerdict, counts, strict=True) for _ in range(n)]
    found = VerdictCounts.of(verdicts)
    assert found == VerdictCounts(*counts)
    assert found.text == said
    assert found.total == sum(counts)


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
