"""Measure the textbook rules: ours, the kernels written by hand, and the peers, by turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from statistics import median
from typing import Any, Final, NamedTuple

from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.ports.peers import PeerFigures
from optimizer.services.bench.rules import HAND_KERNELS, RULES, hand_room
from optimizer.services.bench.timing import Clock, Timed, timed_evaluate

FEE: Final = 0.01
CASH: Final = 1000.0
PAIRS: Final = {
    "sma_cross": ((100, 500), (50, 400), (200, 1000), (150, 700)),
    "donchian": ((576, 288), (1000, 500), (2000, 300), (288, 288)),
}
_TURNS: Final = 10  # of ours and by hand within a round
_SETS: Final = 60  # of each pair and turn


class RuleRound(NamedTuple):
    """One round of one rule.

    Attributes:
        ours: the whole way through the evaluator, turn by turn.
        by_hand: the hand-written kernel, turn by turn.
        peers: the other backtesters; empty when they are left out.
    """

    ours: Sequence[Timed]
    by_hand: Sequence[Timed]
    peers: Sequence[PeerFigures]

    @property
    def behind(self) -> float:
        """Return how many times as fast the hand-written kernel was, each in its best turn.

        Turns are milliseconds, and what a neighbour does to one is no property of the code.
        """
        best_ours, best_by_hand = (
            max(turn.per_second for turn in turns) for turns in (self.ours, self.by_hand)
        )
        return best_by_hand / best_ours

    @property
    def per_second(self) -> float:
        """Return our evaluations per second over all turns, as the peers' are measured."""
        return reduce(add, self.ours).per_second


def rule_round(
    evaluator: Evaluator, rule: str, peers: Sequence[PeerFigures], clock: Clock
) -> RuleRound:
    """Measure ours and by hand in turns, and put the peers' figures beside them."""
    system, kernel = RULES[rule], HAND_KERNELS[rule]
    names = [param.name for param in system.strategy.params]
    sets = [dict(zip(names, pair, strict=True)) for pair in PAIRS[rule]] * _SETS
    room = hand_room(len(evaluator.bars))
    ours, by_hand = [], []
    for _ in range(_TURNS):
        ours.append(timed_evaluate(evaluator, system, sets, trade_size=CASH, clock=clock))
        kernel(evaluator.market, PAIRS[rule][0], CASH, FEE, room)
        began = clock()
        for pair in PAIRS[rule] * _SETS:
            kernel(evaluator.market, pair, CASH, FEE, room)
        by_hand.append(Timed(len(sets), clock() - began))
    return RuleRound(ours, by_hand, peers)


def rule_figures(evaluator: Evaluator, rule: str, rounds: Sequence[RuleRound]) -> dict[str, Any]:
    """Return medians over the rounds, each round's ratio, and what the rule gained."""
    system = RULES[rule]
    names = [param.name for param in system.strategy.params]
    runs = [
        evaluator.evaluate(system, dict(zip(names, pair, strict=True)), Plan())[0]
        for pair in PAIRS[rule]
    ]
    figures: dict[str, Any] = {
        "ours": round(median(done.per_second for done in rounds), 1),
        "hand_written": round(median(reduce(add, done.by_hand).per_second for done in rounds), 1),
        **_ratios("behind_hand_written", rounds, lambda done: done.behind, 2),
        "trades": [run.metrics.num_trades for run in runs],
        "returns_pct": [round(run.metrics.total_return_pct, 4) for run in runs],
    }
    if rounds[0].peers:
        figures["peers"] = {
            peer.peer: _peer_figures(rounds, place) for place, peer in enumerate(rounds[0].peers)
        }
    return figures


def _peer_figures(rounds: Sequence[RuleRound], place: int) -> dict[str, Any]:
    done = [each.peers[place] for each in rounds]
    failed = next((figures.reason for figures in done if figures.reason), "")
    if failed:
        return {"reason": failed}
    return {
        "evaluations_per_second": round(median(figures.per_second for figures in done), 3),
        **_ratios(
            "times_faster",
            rounds,
            lambda each: each.per_second / each.peers[place].per_second,
            1,
        ),
        "trades": list(done[0].trades),
        "returns_pct": [round(value, 4) for value in done[0].returns_pct],
    }


def _ratios(
    name: str, rounds: Sequence[RuleRound], ratio: Callable[[RuleRound], float], digits: int
) -> dict[str, Any]:
    found = [ratio(done) for done in rounds]
    return {
        name: round(median(found), digits),
        f"{name}_rounds": [round(value, digits) for value in found],
    }
