"""Turn a trigger's strength and confidence into conviction, and test it against the thresholds.

Conviction ranks proposals; it is not a probability. Version 1 is the plan's formula:

    conviction = clamp(weight_strength * strength + weight_confidence * confidence + boosts, 0, 1)

A threshold can be set so that another gate already guarantees it, or so that nothing ever reaches
it. ``inert_thresholds`` finds such settings by arithmetic instead of by waiting for trades.

Source: reference specification platform 2.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from trading.base.domain.gates import GateResult
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.side import Side
from trading.signals.domain.policy import SignalPolicy

# So that a threshold written in decimals is met by the value it names (0.4 + 0.255 is 0.655).
_PLACES: Final = 12


@dataclass(frozen=True, slots=True)
class Proposal:
    """An intended trade, before the bus and the risk checks.

    Attributes:
        strength: 0 to 1, how far the trigger exceeded its threshold.
        confidence: 0 to 1, how well the evidence agrees.
        conviction: 0 to 1, the ranking score.
        reference_price: close of the bar decided on, quote per base.
        atr: average true range at that bar, quote per base.
        bar_time: close time of that bar, ms UTC.
        cost_bps: of buying and selling the intended notional.
        bars_rested: since the bot last left a position.
        equity_ratio: the bot's equity in units of its bankroll. notional_ratio: the value of the
            entry likewise; proposals of all pairs meet, and two currencies have no common amount.
    """

    bot_index: int
    side: Side
    strength: float
    confidence: float
    conviction: float
    reference_price: float
    atr: float
    bar_time: int
    cost_bps: float
    bars_rested: int
    equity_ratio: float
    notional_ratio: float

    @property
    def rank(self) -> tuple[float, ...]:
        """Return what goes first, largest first: what the signal says, then cost, then the bot.

        Figures only: an index or a name would let the spelling of a name decide who trades.
        """
        return (
            *(self.conviction, self.strength, self.confidence, -self.cost_bps),
            *(self.bars_rested, self.equity_ratio, -self.notional_ratio),
        )


def score(strength: float, confidence: float) -> float:
    """Return strength times confidence, 0 to 1."""
    return round(strength * confidence, _PLACES)


def conviction(
    strength: float, confidence: float, policy: SignalPolicy, boosts: float = 0.0
) -> float:
    """Return the conviction of a trigger, 0 to 1.

    Args:
        strength: 0 to 1.
        confidence: 0 to 1.
        policy: the weights.
        boosts: what confirmations add, 0 or more.
    """
    weighted = policy.weight_strength * strength + policy.weight_confidence * confidence
    return min(1.0, max(0.0, round(weighted + boosts, _PLACES)))


def signal_gates(
    strength: float, confidence: float, policy: SignalPolicy
) -> tuple[GateResult, GateResult]:
    """Return the verdicts on the score and on the conviction; equality passes, NaN does not."""
    points, convinced = score(strength, confidence), conviction(strength, confidence, policy)
    if math.isnan(strength) or math.isnan(confidence):
        points = convinced = math.nan
    return (
        GateResult(
            Gate.SCORE, points, policy.score_min, points >= policy.score_min, Outcome.BELOW_SCORE
        ),
        GateResult(
            Gate.CONVICTION,
            convinced,
            policy.conviction_min,
            convinced >= policy.conviction_min,
            Outcome.BELOW_CONVICTION,
        ),
    )


def conviction_floor(policy: SignalPolicy) -> float:
    """Return the least conviction a trigger can have that passed the score gate.

    By the inequality of arithmetic and geometric means that is ``2 * sqrt(ws * wc * m)`` while
    both strength and confidence there are at most 1, else the corner where the cheaper one is 1.
    """
    ws, wc, m = policy.weight_strength, policy.weight_confidence, policy.score_min
    if wc * m > ws:
        return min(1.0, ws + wc * m)
    if ws * m > wc:
        return min(1.0, ws * m + wc)
    return min(1.0, 2.0 * math.sqrt(ws * wc * m))


def score_floor(policy: SignalPolicy) -> float:
    """Return the least score a trigger can have that passed the conviction gate."""
    ws, wc, least = policy.weight_strength, policy.weight_confidence, policy.conviction_min
    if least <= max(ws, wc):
        return 0.0  # one of the two suffices alone
    if ws == 0.0 or wc == 0.0:
        return math.inf  # out of reach
    # The product is smallest where one of the two is 1 and the other as small as allowed.
    return min((least - ws) / wc, (least - wc) / ws)


def inert_thresholds(policy: SignalPolicy) -> list[str]:
    """Return one sentence per threshold that cannot do anything, or that nothing can pass."""
    top = conviction(1.0, 1.0, policy)
    if policy.conviction_min > top:
        return [
            f"signals.conviction_min is {policy.conviction_min:g}, but the weights "
            f"{policy.weight_strength:g} and {policy.weight_confidence:g} reach at most {top:g}: "
            f"no proposal can ever pass; set it to {top:g} or less"
        ]
    found = []
    floor = round(conviction_floor(policy), _PLACES)
    if 0.0 < policy.conviction_min <= floor:
        product = 4.0 * policy.weight_strength * policy.weight_confidence
        most = policy.conviction_min**2 / product if product else 0.0
        found.append(
            f"signals.conviction_min is {policy.conviction_min:g}, but score_min "
            f"{policy.score_min:g} already guarantees a conviction of {floor:.4f}: the threshold "
            f"never binds; raise it above {floor:.4f} or lower score_min below {most:.3f}"
        )
    least = round(score_floor(policy), _PLACES)
    if 0.0 < policy.score_min <= least:
        found.append(
            f"signals.score_min is {policy.score_min:g}, but conviction_min "
            f"{policy.conviction_min:g} already guarantees a score of {least:.4f}: the threshold "
            f"never binds; raise it above {least:.4f}"
        )
    return found
