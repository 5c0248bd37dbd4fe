"""Decide whether luck explains a result, and say why in sentences from a closed set of reasons.

Every reason alone is enough: a result must pass all tests to survive, and a test that could not be
made neither speaks for it nor against it. The limits are those of the sources: 0.95 for the
deflated Sharpe ratio (Bailey and López de Prado, 2014) and one half for the probability of
overfitting (Bailey, Borwein, López de Prado and Zhu, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.writing import count, percent, ratio, share

DEFLATED_LEAST: Final = 0.95
PBO_MOST: Final = 0.5
# Where the chosen trial earns elsewhere nearly always, its rank among equals is no overfitting.
LOSS_SHARE_MOST: Final = 0.05
TRADES_LEAST: Final = 10
RANDOM_LEAST: Final = 0.95


class LuckReason(StrEnum):
    """Why luck explains a result."""

    FEW_TRADES = "few_trades"
    DEFLATED_SHARPE = "deflated_sharpe"
    SEARCH_OVERFITS = "search_overfits"
    HOLDOUT_LOSS = "holdout_loss"
    BELOW_HOLD = "below_hold"
    RANDOM_TIMING = "random_timing"
    LONE_PEAK = "lone_peak"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason and its sentence."""

    reason: LuckReason
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What scrutiny made of one trial; no findings, no explanation by luck."""

    figures: LuckFigures
    findings: tuple[Finding, ...]

    @property
    def explained(self) -> bool:
        """Return whether luck explains the result."""
        return bool(self.findings)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is judged beside the figures.

    Attributes:
        return_pct: of the trial over the window scores come from.
        n_trades: its closed round trips there.
        n_searched: trials ever made on the data.
        loss_share: of the choices in one half of time, how many lost in the other; None unknown.
    """

    return_pct: float
    n_trades: int
    n_searched: int
    loss_share: float | None = None


def judge(figures: LuckFigures, evidence: Evidence) -> Verdict:
    """Return the verdict on one trial."""
    traded = evidence.n_trades > 0  # what never moved has no ratio and no interval to speak of
    found = (
        _few_trades(evidence),
        deflated_finding(figures, evidence.n_searched) if traded else None,
        _overfits(figures, evidence),
        _holdout(figures),
        _below_hold(figures, evidence),
        _random_timing(figures),
        _lone_peak(figures),
        _interval(figures) if traded else None,
    )
    return Verdict(figures, tuple(finding for finding in found if finding is not None))


def _few_trades(evidence: Evidence) -> Finding | None:
    n = evidence.n_trades
    if n >= TRADES_LEAST:
        return None
    if n == 0:
        return Finding(LuckReason.FEW_TRADES, "It never traded: there is nothing to judge.")
    trades = f"{n} round trip" + ("" if n == 1 else "s")
    return Finding(
        LuckReason.FEW_TRADES, f"It made {trades}; fewer than {TRADES_LEAST} prove nothing."
    )


def deflated_finding(figures: LuckFigures, n_searched: int) -> Finding | None:
    """Return what the deflated Sharpe ratio says, None where it says nothing.

    Args:
        figures: of the trial; the ratio is the one for ``n_searched``.
        n_searched: trials ever made on the data.
    """
    value = figures.deflated_sharpe
    if value is None or value >= DEFLATED_LEAST:
        return None
    return Finding(
        LuckReason.DEFLATED_SHARPE,
        f"The deflated Sharpe ratio is {value:.3f}, below {DEFLATED_LEAST}: the best of "
        f"{count(n_searched)} trials without skill would look like this.",
    )


def _overfits(figures: LuckFigures, evidence: Evidence) -> Finding | None:
    pbo, loss = figures.pbo, evidence.loss_share
    if pbo is None or loss is None or pbo <= PBO_MOST or loss <= LOSS_SHARE_MOST:
        return None
    return Finding(
        LuckReason.SEARCH_OVERFITS,
        f"The search overfits: the best of one half of time was no better than the median of the "
        f"other in {share(pbo)} of the halves, and lost there in {share(loss)}.",
    )


def _holdout(figures: LuckFigures) -> Finding | None:
    result = figures.holdout_return_pct
    if result is None or result >= 0.0:
        return None
    hold = figures.holdout_hold_pct
    beside = "" if hold is None else f" (buying and holding: {percent(hold, signed=True)})"
    return Finding(LuckReason.HOLDOUT_LOSS, f"It lost {percent(-result)} on the holdout{beside}.")


def _below_hold(figures: LuckFigures, evidence: Evidence) -> Finding | None:
    hold, hold_sharpe, own = (
        figures.buy_hold_net_return_pct,
        figures.buy_hold_net_sharpe,
        figures.daily_sharpe,
    )
    if hold is None or hold_sharpe is None or own is None:
        return None
    if evidence.return_pct > hold or own > hold_sharpe:
        return None
    return Finding(
        LuckReason.BELOW_HOLD,
        f"Buying and holding earned {percent(hold)} after costs at a Sharpe ratio of "
        f"{ratio(hold_sharpe)}; it earned {percent(evidence.return_pct)} at {ratio(own)}.",
    )


def _random_timing(figures: LuckFigures) -> Finding | None:
    beaten = figures.random_entry_percentile
    if beaten is None or beaten >= RANDOM_LEAST:
        return None
    return Finding(
        LuckReason.RANDOM_TIMING,
        f"As many trades at random moments earned as much or more in {share(1.0 - beaten)} of the "
        f"draws; expected below {share(1.0 - RANDOM_LEAST)}.",
    )


def _lone_peak(figures: LuckFigures) -> Finding | None:
    beside = figures.plateau_return_pct
    if beside is None or beside > 0.0:
        return None
    return Finding(
        LuckReason.LONE_PEAK,
        f"A quarter of its neighbours, parameters moved by up to {share(0.05)} of their "
        f"range, earned {percent(beside)} or less.",
    )


def _interval(figures: LuckFigures) -> Finding | None:
    low, high = figures.bootstrap_return_low_pct, figures.bootstrap_return_high_pct
    if low is None or high is None or low > 0.0:
        return None
    return Finding(
        LuckReason.INTERVAL,
        f"Drawn again in blocks, its return lies between {percent(low)} and {percent(high)} "
        f"({share(0.9)}), which includes a loss.",
    )
