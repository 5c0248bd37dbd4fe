"""The evaluator's benchmark measures all by turns, and medians over the rounds count."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.ports.peers import PeerFigures
from optimizer.services.bench.beside import RuleRound, rule_figures, rule_round
from optimizer.services.bench.evaluator import (
    STEP_MS,
    flat_fee,
    strategies_round,
    synthetic_bars,
)
from optimizer.services.bench.rules import HAND_KERNELS, RULES, hand_room
from optimizer.services.bench.timing import Timed
from trading.market.domain.costs import SwapCostSchedule


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    costs: SwapCostSchedule = flat_fee(0.01)
    return Evaluator(synthetic_bars(np.random.default_rng(3), 6000), step_ms=STEP_MS, costs=costs)


def peer(seconds: float, reason: str = "") -> PeerFigures:
    return PeerFigures("slowpoke", "donchian", 10, seconds, (1.5,), (3,), reason)


def rounds(*seconds: float, reason: str = "") -> list[RuleRound]:
    return [
        RuleRound(
            [Timed(50, s * 0.4), Timed(50, s * 0.6)],
            [Timed(50, s * 0.3), Timed(50, s * 0.2)],
            [peer(40.0, reason)],
        )
        for s in seconds
    ]


def test_ratios_are_taken_round_by_round_and_their_median_counts(evaluator: Evaluator) -> None:
    figures = rule_figures(evaluator, "donchian", rounds(1.0, 8.0, 2.0))
    assert figures["ours"] == 50.0
    assert figures["behind_hand_written"] == 2.0
    slowpoke = figures["peers"]["slowpoke"]
    assert slowpoke["times_faster_rounds"] == [400.0, 50.0, 200.0]
    assert slowpoke["times_faster"] == 200.0
    assert (slowpoke["trades"], slowpoke["returns_pct"]) == ([3], [1.5])


def test_a_peer_that_did_not_run_shows_its_reason(evaluator: Evaluator) -> None:
    figures = rule_figures(evaluator, "donchian", rounds(1.0, reason="no build"))
    assert figures["peers"] == {"slowpoke": {"reason": "no build"}}


@pytest.mark.parametrize("rule", RULES)
def test_by_hand_finds_what_the_evaluator_finds(evaluator: Evaluator, rule: str) -> None:
    figures = rule_figures(evaluator, rule, [rule_round(evaluator, rule, (), count().__next__)])
    room = hand_room(len(evaluator.bars))
    kernel = HAND_KERNELS[rule]
    for place, pair in enumerate({"sma_cross": ((100, 500),), "donchian": ((576, 288),)}[rule]):
        gained, worst, trades = kernel(evaluator.market, pair, 1000.0, 0.01, room)
        assert trades == figures["trades"][place] > 0
        assert 100 * gained == pytest.approx(figures["returns_pct"][place], abs=1e-3)
        assert -1.0 < worst < 0.0


def test_every_round_draws_its_parameters_anew(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        "optimizer.services.bench.evaluator.timed_evaluate",
        lambda evaluator, system, sets, **_: seen.append((system.name, sets)) or Timed(1, 1.0),
    )
    rng, rates = np.random.default_rng(1), {}  # type: ignore[var-annotated]
    for _ in range(2):
        strategies_round(evaluator, rng, lambda: 0.0, rates)
    of_one = [sets for name, sets in seen if name == "donchian_champion"]
    assert len(of_one) == 2
    assert of_one[0] != of_one[1]
    assert set(map(len, rates.values())) == {2}
