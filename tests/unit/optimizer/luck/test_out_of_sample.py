"""What is tested elsewhere begins there with fresh money, and the best of the past is taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.domain.evaluator.stretch import StretchTerms, stretch_run
from optimizer.domain.evaluator.walk import T_ENTRY, T_EXIT
from optimizer.domain.features.market import Span
from optimizer.domain.luck import sharpe
from optimizer.domain.luck.out_of_sample import (
    HOLDER,
    Candidate,
    Holdout,
    fold_run,
    hold_run,
)
from optimizer.domain.luck.returns import Periods, period_returns
from optimizer.domain.luck.timing import time_share
from optimizer.domain.luck.walk_forward import FoldSpans
from optimizer.domain.metrics import FillModel
from optimizer.domain.periods import window_parse
from optimizer.domain.systems import SYSTEMS
from tests.oracles import paths

TERMS = StretchTerms(1000.0, FillModel.NEXT_OPEN)
PERIODS = Periods(12, 8760.0)
BARS = paths.path(5, 3000)


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(BARS, step_ms=paths.STEP_MS, costs=paths.schedule())


def candidates(n: int = 12) -> list[Candidate]:
    rng = np.random.default_rng(1)
    names = sorted(set(SYSTEMS) - {"passive_hold"})
    return [
        Candidate(
            k, names[k % len(names)], paths.draw(SYSTEMS[names[k % len(names)]].strategy, rng)
        )
        for k in range(n)
    ]


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_a_stretch_in_the_middle_is_the_run_of_a_file_cut_there(
    evaluator: Evaluator, name: str
) -> None:
    rng = np.random.default_rng(7)
    cut = Evaluator(BARS.slice(400, 1900), step_ms=paths.STEP_MS, costs=paths.schedule())
    overlays = {"risk_cap_pct": 0.04, "regime_entry_days": 0.2, "regime_exit_days": 0.2}
    for extra in ({}, overlays):
        params = {**paths.draw(SYSTEMS[name].strategy, rng), **extra}
        run = stretch_run(evaluator, name, params, Span(400, 1900), TERMS)
        alone = cut.evaluate(name, params, Plan())[0]
        assert run.params == alone.params
        assert run.trades() == alone.trades()
        # sums over the whole file end in other digits
        np.testing.assert_allclose(run.metrics, alone.metrics, 1e-7, 1e-9)


def test_a_stretch_at_the_end_is_the_window_of_the_evaluator(evaluator: Evaluator) -> None:
    params = {"entry_days": 0.3, "exit_days": 0.1}
    window = evaluator.evaluate(
        "donchian_champion", params, Plan(windows=(window_parse("3d"),), warm_up_bars=100)
    )[0]
    terms = StretchTerms(1000.0, FillModel.NEXT_OPEN, warm_up_bars=100)
    assert stretch_run(evaluator, "donchian_champion", params, window.span, terms).metrics == (
        window.metrics
    )


def test_a_step_takes_the_highest_return_and_tests_it_behind_the_gap(
    evaluator: Evaluator,
) -> None:
    spans = FoldSpans(Span(100, 1500), Span(1600, 2200))
    made = candidates()
    step = fold_run(evaluator, made, spans, TERMS)
    gains = {c.number: c.run(evaluator, spans.train, TERMS).metrics.total_return_pct for c in made}
    assert gains[step.candidate.number] == max(gains.values())
    assert step.train.metrics.total_return_pct == max(gains.values())
    assert step.test.span == spans.test
    assert step.test_hold.metrics.num_trades == 1
    on = step.candidate.run_on(evaluator, spans.test, spans.train.start, TERMS)
    assert step.test.metrics == on.metrics


def test_of_equal_candidates_the_first_is_taken(evaluator: Evaluator) -> None:
    spans = FoldSpans(Span(0, 1000), Span(1000, 1400))
    twins = [HOLDER._replace(number=k) for k in (4, 2, 9)]
    assert fold_run(evaluator, twins, spans, TERMS).candidate.number == 4


def test_nobody_to_choose_from_is_a_bug(evaluator: Evaluator) -> None:
    with pytest.raises(ValueError, match="at least one"):
        fold_run(evaluator, [], FoldSpans(Span(0, 100), Span(100, 200)), TERMS)


def test_the_holdout_holds_what_the_trial_holds_there_and_earns_nothing_before(
    evaluator: Evaluator,
) -> None:
    span = Span(2000, 3000)
    for candidate in [HOLDER, *candidates(24)]:
        whole = candidate.run(evaluator, Span(300, 3000), TERMS)
        run = candidate.run_on(evaluator, span, 300, TERMS)
        held, found = np.zeros(3000, dtype=bool), np.zeros(3000, dtype=bool)
        for rows, bars in ((whole.trade_rows, held), (run.trade_rows, found)):
            for row in rows:
                bars[int(row[T_ENTRY]) : int(row[T_EXIT])] = True
        held[: span.start + 1] = False
        np.testing.assert_array_equal(found, held)
        assert run.metrics.initial_balance == 1000.0
        assert run.metrics.duration_days == evaluator.facts(span).days
        figures = Holdout(evaluator, span, 300, TERMS, PERIODS).figures(candidate)
        assert figures["holdout_return_pct"] == run.metrics.total_return_pct
        assert figures["holdout_trades"] == run.metrics.num_trades


def test_holding_on_the_holdout_pays_its_costs(evaluator: Evaluator) -> None:
    found = Holdout(evaluator, Span(2000, 3000), 2000, TERMS, PERIODS).figures(HOLDER)
    assert found["holdout_return_pct"] == found["holdout_hold_pct"]
    close = BARS.values[3]
    assert found["holdout_hold_pct"] < (close[2999] / BARS.values[0, 2001] - 1) * 100


def test_holding_begins_with_the_stretch_whatever_is_warmed_up(evaluator: Evaluator) -> None:
    warm = StretchTerms(1000.0, FillModel.NEXT_OPEN, warm_up_bars=500)
    run = hold_run(evaluator, Span(1000, 1500), warm)
    assert run.metrics.num_trades == 1
    assert run.metrics == hold_run(evaluator, Span(1000, 1500), TERMS).metrics


def test_a_holdout_of_a_few_bars_is_none(evaluator: Evaluator) -> None:
    assert Holdout(evaluator, Span(2995, 3000), 0, TERMS, PERIODS).figures(HOLDER) == {}


def test_the_chance_of_luck_on_the_holdout_comes_from_its_timed_returns(
    evaluator: Evaluator,
) -> None:
    span, candidate = Span(2000, 3000), candidates()[3]
    tried = Holdout(evaluator, span, 300, TERMS, PERIODS)
    run = candidate.run_on(evaluator, span, 300, TERMS)
    hold = hold_run(evaluator, span, TERMS)
    own, market = (period_returns(evaluator.curve(made), PERIODS) for made in (run, hold))
    share = time_share(run.trade_rows, hold.trade_rows)
    assert 0.0 < share < 1.0
    ratio = sharpe.return_moments(sharpe.timed_returns(own, market, share)).sharpe
    figures = tried.figures(candidate)
    assert figures["holdout_luck_probability"] == sharpe.luck_chance(ratio, 83)
    assert tried.figures(HOLDER)["holdout_luck_probability"] == 0.5  # holding is no timing
    often = replace(tried, n_looks=40).figures(candidate)
    assert often["holdout_luck_probability"] == sharpe.luck_chance(ratio, 83, 40)
    few = replace(tried, periods=Periods(40, 2628.0)).figures(candidate)  # 24 returns say nothing
    assert "holdout_luck_probability" not in few
