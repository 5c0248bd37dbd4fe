"""All tests of one trial together: the figures agree with each other and with the run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.evaluator.stretch import StretchTerms
from optimizer.domain.features.market import Span
from optimizer.domain.luck import plateau, sharpe
from optimizer.domain.luck.out_of_sample import HOLDER, Candidate
from optimizer.domain.luck.scrutiny import Scrutiny
from optimizer.domain.luck.timing import time_share
from optimizer.domain.luck.verdict import LuckReason, LuckVerdict
from optimizer.domain.metrics import FillModel
from optimizer.domain.objectives import objective_scores
from optimizer.domain.systems import SYSTEMS
from tests.factories import markets
from tests.oracles import paths

TERMS = StretchTerms(1000.0, FillModel.NEXT_OPEN)
DAYS = 60
SPAN = Span(10 * markets.DAY, DAYS * markets.DAY)
REVERT = Candidate(3, "csma_revert", {"n_sma": 400, "entry_drop": 0.08, "exit_up": 0.0})


def scrutiny(n_searched: int = 500, objective: str = "final_balance") -> Scrutiny:
    bars = markets.pulled_back(1, DAYS * markets.DAY)
    evaluator = Evaluator(bars, step_ms=markets.STEP_MS, costs=markets.costs(0.02, 0.2))
    return Scrutiny(evaluator, span=SPAN, terms=TERMS, objective=objective, n_searched=n_searched)


def drawn(n: int) -> list[Candidate]:
    rng = np.random.default_rng(4)
    names = [name for name in SYSTEMS if SYSTEMS[name].strategy.params]
    return [
        Candidate(
            k, names[k % len(names)], paths.draw(SYSTEMS[names[k % len(names)]].strategy, rng)
        )
        for k in range(n)
    ]


def test_the_figures_of_a_trial_come_from_its_run() -> None:
    tested = scrutiny()
    search = tested.overfitting(drawn(60))
    assert search is not None
    there = {"holdout_return_pct": 3.0, "holdout_luck_probability": 0.3}
    judgement = tested.judgement(REVERT, search, there, np.random.default_rng(5))
    figures, run, hold = judgement.figures, tested.run(REVERT), tested.run(HOLDER)
    returns, yearly = tested.returns(run), math.sqrt(tested.periods.per_year)
    assert figures.daily_sharpe == sharpe.return_moments(returns).sharpe * yearly
    share = time_share(run.trade_rows, hold.trade_rows)
    moments = sharpe.return_moments(sharpe.timed_returns(returns, tested.returns(hold), share))
    assert figures.timing_sharpe == moments.sharpe * yearly
    assert figures.deflated_sharpe == sharpe.deflated_sharpe(moments, 500)
    here = sharpe.luck_chance(moments.sharpe, moments.n, 500)
    assert figures.luck_probability == sharpe.joint_chance(here, 0.3)
    assert figures.moments == moments
    assert figures.pbo == search.pbo
    assert figures.holdout_return_pct == 3.0
    assert figures.buy_hold_net_return_pct == hold.metrics.total_return_pct
    low, high = figures.bootstrap_return_low_pct, figures.bootstrap_return_high_pct
    assert low is not None
    assert high is not None
    assert low < run.metrics.total_return_pct < high
    assert figures.plateau_blocks_score == plateau.lower_quantile(tested.block_scores(run))
    assert figures.random_entry_percentile == 1.0
    # fifty days are not enough against a billion trials; for one alone they are
    alone, late = (
        scrutiny(n).judgement(REVERT, search, there, np.random.default_rng(5)) for n in (1, 10**9)
    )
    assert alone.verdict is LuckVerdict.SURVIVES
    assert late.verdict is not LuckVerdict.SURVIVES
    assert LuckReason.DEFLATED_SHARPE in {finding.reason for finding in late.findings}


def test_the_same_generator_gives_the_same_verdict() -> None:
    tested = scrutiny()
    search = tested.overfitting(drawn(20))
    a, b = (tested.judgement(REVERT, search, {}, np.random.default_rng(6)) for _ in range(2))
    assert a == b


def test_parts_begin_with_the_trade_size_and_hold_on() -> None:
    tested = scrutiny(objective="final_balance")
    scores = tested.block_scores(tested.run(HOLDER))
    assert len(scores) == plateau.TIME_BLOCKS
    open_, _, _, close, _ = markets.pulled_back(1, DAYS * markets.DAY).values
    for part, score in zip(plateau.time_blocks(SPAN), scores, strict=True):
        moved = close[part.stop - 1] / open_[part.start + 1]
        assert score == pytest.approx((1000 * 0.99 - 0.2) * moved * 0.99 - 0.2)


def test_a_strategy_without_parameters_has_no_neighbours() -> None:
    tested = scrutiny()
    judgement = tested.judgement(HOLDER, None, {}, np.random.default_rng(7))
    assert judgement.figures.plateau_return_pct is None
    assert judgement.figures.pbo is None
    assert judgement.verdict is LuckVerdict.EXPLAINED
    reasons = {finding.reason for finding in judgement.findings}
    assert {LuckReason.FEW_TRADES, LuckReason.BELOW_HOLD, LuckReason.RANDOM_TIMING} <= reasons


def test_a_trial_that_never_traded_has_no_timing_to_judge() -> None:
    tested = scrutiny()
    idle = Candidate(9, "csma_revert", {"entry_drop": 0.5, "n_sma": 100})
    verdict = tested.judgement(idle, None, {}, np.random.default_rng(8))
    assert tested.run(idle).metrics.num_trades == 0
    assert verdict.figures.random_entry_percentile is None
    assert verdict.figures.daily_sharpe == 0.0
    assert verdict.figures.deflated_sharpe is None
    assert verdict.figures.bootstrap_return_low_pct is None
    assert verdict.verdict is LuckVerdict.EXPLAINED
    assert [finding.reason for finding in verdict.findings] == [LuckReason.LUCK_SUFFICES]


def test_an_objective_without_bound_has_no_plateau_figure() -> None:
    tested = scrutiny(objective="mar")
    idle = Candidate(9, "csma_revert", {"entry_drop": 0.5, "n_sma": 100})
    score = objective_scores(tested.run(idle).metrics, ("mar",))["mar"]
    assert score == 0.0
    verdict = tested.judgement(idle, None, {}, np.random.default_rng(8))
    for value in (verdict.figures.plateau_score, verdict.figures.plateau_blocks_score):
        assert value is None or math.isfinite(value)


def test_few_or_equal_trials_have_no_probability_of_overfitting() -> None:
    tested = scrutiny()
    assert tested.overfitting(drawn(5)) is None
    assert tested.overfitting([HOLDER] * 40) is None
    assert tested.overfitting([]) is None
    assert tested.variance == pytest.approx(tested.periods.per_year / 239, rel=0.01)


def test_too_short_a_window_has_no_ratio_and_no_interval() -> None:
    bars = markets.random_walk(1, 300)
    evaluator = Evaluator(bars, step_ms=markets.STEP_MS, costs=markets.costs())
    tested = Scrutiny(evaluator, span=Span(280, 300), terms=TERMS, objective="mar", n_searched=10)
    assert tested.overfitting(drawn(10)) is None
    judgement = tested.judgement(REVERT, None, {}, np.random.default_rng(1))
    figures = judgement.figures
    assert judgement.verdict is not LuckVerdict.SURVIVES
    assert figures.deflated_sharpe is None
    assert figures.bootstrap_return_low_pct is None
