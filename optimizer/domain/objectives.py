"""Score a run: higher is better. One small function per objective, over the same few facts.

``profit_biased``, ``cps_v2`` and ``cps_v2_profit_biased`` are one formula under three published
names and share one implementation. ``mar`` is repaired: the original divided by a signed drawdown
and ranked like total return; here it is CAGR over the absolute drawdown, as its name says. The
other published formulas are kept with their known weaknesses (``cps`` rewards losing less than 1.5
times a falling market and its trend part is constant), so that old reports can be compared.

Source: reference specification of the optimizer, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from optimizer.domain.metrics import Metrics
from trading.base.domain.errors import BadInputError

_FLOOR: Final = 1e-9


class Facts(NamedTuple):
    """What objectives read: decimals unless the name says percent; drawdowns positive."""

    balance: float
    gain: float
    gain_pct: float
    hold_gain: float
    drawdown: float
    drawdown_pct: float
    sharpe: float
    sortino: float
    cagr: float
    trades: int
    win_rate: float
    days: float


def facts_of(metrics: Metrics) -> Facts:
    """Return the facts of one run."""
    gain = metrics.total_return_pct / 100.0
    depth_pct = abs(metrics.max_drawdown_pct)
    return Facts(  # by place, see the fields
        metrics.final_balance,
        gain,
        gain * 100.0,
        metrics.buy_hold_return_pct / 100.0,
        depth_pct / 100.0,
        depth_pct,
        metrics.sharpe,
        metrics.sortino,
        metrics.cagr_pct / 100.0,
        metrics.num_trades,
        metrics.win_rate_pct / 100.0,
        metrics.duration_days,
    )


def final_balance(f: Facts) -> float:
    """Return the balance at the end, quote."""
    return f.balance


def _logistic(x: float) -> float:
    # Both branches keep exp's argument negative, so that it cannot overflow.
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    grown: float = math.exp(x)
    return grown / (1.0 + grown)


def profit_biased(f: Facts) -> float:
    """Return 60 % excess return, 25 % shallow drawdown, 12 % Sharpe, 3 % activity near 25 trades.

    Halved where the drawdown exceeds 60 %.
    """
    activity = math.exp(-(((f.trades - 25) / 25.0) ** 2)) if f.trades > 0 else 0.0
    score = (
        0.60 * _logistic(0.06 * (f.gain_pct - 100.0 * f.hold_gain))
        + 0.25 * (1.0 - _logistic(0.20 * (f.drawdown_pct - 10.0)))
        + 0.12 * _logistic(0.5 * f.sharpe)
        + 0.03 * activity
    )
    return score * 0.5 if f.drawdown_pct > 60.0 else score


def utility(f: Facts) -> float:
    """Return gain over 1 + 2 d^1.25, trusted by sqrt(N / (N + 5)), N trades."""
    depth: float = f.drawdown**1.25
    return f.gain / (1.0 + 2.0 * depth) * math.sqrt(f.trades / (f.trades + 5.0))


def _still_market_part(gain: float) -> float:
    if gain >= 0.01:
        return min(100.0, 80.0 + 100.0 * gain)
    if gain > 0.0:
        return 60.0 + 200.0 * gain
    return max(0.0, 40.0 + 200.0 * gain)


def _profit_part(f: Facts) -> float:
    gain, hold = f.gain, f.hold_gain
    if abs(hold) < 0.001:
        return _still_market_part(gain)
    if gain >= 1.5 * hold:
        return 100.0
    if gain >= hold:
        return 80.0 + min(20.0, 20.0 * (gain - hold) / (0.5 * abs(hold)))
    if gain >= 0.0:
        return 50.0 + 30.0 * gain / max(abs(hold), 0.01)
    return max(0.0, 50.0 + 100.0 * gain)


def _step_part(value: float, steps: Sequence[tuple[float, float]], rest: float) -> float:
    # The first step that ``value`` stays below gives the part.
    for limit, part in steps:
        if value < limit:
            return part
    return rest


_CAPITAL_STEPS: Final = ((0.05, 100.0), (0.10, 80.0), (0.15, 60.0), (0.20, 40.0))


def _capital_part(f: Facts) -> float:
    rest = max(0.0, 40.0 - 200.0 * (f.drawdown - 0.20))
    return _step_part(f.drawdown, _CAPITAL_STEPS, rest)


def _risk_part(f: Facts) -> float:
    quality = max(f.sharpe, 0.8 * f.sortino)
    for limit, part in ((2.0, 100.0), (1.5, 80.0), (1.0, 60.0), (0.5, 40.0)):
        if quality > limit:
            return part
    return max(0.0, 40.0 * quality)


def _activity_part(f: Facts) -> float:
    monthly = 30.0 * f.trades / max(1.0, f.days)
    if monthly == 0.0:
        return 0.0
    if f.gain <= 0.0:
        if monthly > 30.0:
            return max(0.0, 20.0 - 0.5 * (monthly - 30.0))
        return 40.0 if monthly < 3.0 else (30.0 if monthly <= 10.0 else 20.0)
    if monthly <= 30.0 or f.win_rate > 0.6:
        return 70.0 if monthly < 3.0 else 100.0
    return 90.0 if f.win_rate > 0.5 else 80.0


_TREND_PART: Final = 50.0  # constant: no reversal data is ever supplied


def cps(f: Facts) -> float:
    """Return the composite score 0 to 100 of profit, capital, risk, activity and trend."""
    score = round(
        0.30 * _profit_part(f)
        + 0.25 * _capital_part(f)
        + 0.20 * _risk_part(f)
        + 0.15 * _activity_part(f)
        + 0.10 * _TREND_PART,
        2,
    )
    return min(score, 50.0) if f.trades == 0 else score


def mar(f: Facts) -> float:
    """Return CAGR over the absolute drawdown, both decimals; a drawdown of 0 counts as 1e-9."""
    return f.cagr / max(_FLOOR, f.drawdown)


def return_dd_ratio(f: Facts) -> float:
    """Return percent return over percent drawdown (at least 1), trusted by ln N / ln 50.

    0 below 5 % return or with fewer than two trades.
    """
    if f.gain_pct < 5.0 or f.trades <= 1:
        return 0.0
    trust = min(1.0, math.log(f.trades) / math.log(50.0))
    return f.gain_pct / max(1.0, f.drawdown_pct) * trust


def net_sharpe(f: Facts) -> float:
    """Return the yearly Sharpe ratio of the equity after all costs, with no riskless rate."""
    return f.sharpe


def return_per_drawdown(f: Facts) -> float:
    """Return gain over drawdown plus one percent, both decimals: no floor, no trust, no cut."""
    return f.gain / (f.drawdown + 0.01)


Objective = Callable[[Facts], float]

OBJECTIVES: Final[Mapping[str, Objective]] = {
    "final_balance": final_balance,
    "profit_biased": profit_biased,
    "cps_v2": profit_biased,
    "cps_v2_profit_biased": profit_biased,
    "utility": utility,
    "cps": cps,
    "mar": mar,
    "return_dd_ratio": return_dd_ratio,
    "net_sharpe": net_sharpe,
    "return_per_drawdown": return_per_drawdown,
}
PUBLISHED: Final = tuple(OBJECTIVES)[:7]  # the seven of the original's help


def objectives_parse(names: Sequence[str]) -> tuple[str, ...]:
    """Return the objectives asked for, all of them for ``all``.

    Raises:
        BadInputError: a name is unknown, or there is none.
    """
    if list(names) == ["all"]:
        return tuple(OBJECTIVES)
    for name in names:
        if name not in OBJECTIVES:
            raise BadInputError(
                f"objective was {name!r}; expected all or some of {', '.join(OBJECTIVES)}"
            )
    if not names:
        raise BadInputError(f"no objective was given; expected some of {', '.join(OBJECTIVES)}")
    return tuple(dict.fromkeys(names))


@lru_cache
def _shared_formulas(names: tuple[str, ...]) -> tuple[tuple[Objective, tuple[str, ...]], ...]:
    shared: dict[Objective, list[str]] = {}
    for name in names:
        shared.setdefault(OBJECTIVES[name], []).append(name)
    return tuple((formula, tuple(members)) for formula, members in shared.items())


def objective_scores(
    metrics: Metrics, names: Sequence[str] = tuple(OBJECTIVES)
) -> dict[str, float]:
    """Return the score of one run under each name; each formula is computed once.

    Raises:
        KeyError: a name is not registered.
    """
    formulas = _shared_formulas(tuple(names))
    facts = facts_of(metrics)
    scores: dict[str, float] = {}
    for formula, shared in formulas:
        score = formula(facts)
        for name in shared:
            scores[name] = score
    return {name: scores[name] for name in names}
