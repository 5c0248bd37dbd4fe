"""Decide between three verdicts, and say why in sentences from a closed set of reasons.

One test alone explains: ``luck_probability``, the chance that the best of as many trials without
skill looks as good, on the window it was chosen on and on the holdout together. While it is one in
twenty or more, luck suffices, whatever else is said. Below that, luck does not explain the result;
it survives when it passes every other test as well, and else it is not proven, for the reasons
named. A figure that gets better never makes a verdict worse.

A test that could not be made neither speaks for a result nor against it, but for the first: a
window too short to have a ratio proves nothing.

The limits are those of the sources: 0.95 for the deflated Sharpe ratio (Bailey and López de Prado,
2014) and one half for the probability of overfitting (Bailey, Borwein, López de Prado and Zhu,
2015).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from optimizer.domain.luck import overfitting, sharpe
from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.writing import count, percent, ratio, share

LUCK_LEAST: Final = 0.05
DEFLATED_LEAST: Final = 0.95
PBO_MOST: Final = 0.5
# Where the chosen trial earns elsewhere nearly always, its rank among equals is no overfitting.
LOSS_SHARE_MOST: Final = 0.05
TRADES_LEAST: Final = 10
RETURNS_LEAST: Final = 2 * overfitting.BLOCKS  # fewer are not judged, resampled nor cut in blocks
RANDOM_LEAST: Final = 0.95


class LuckVerdict(StrEnum):
    """What scrutiny makes of a result, from the worst to the best."""

    EXPLAINED = "explained"
    NOT_PROVEN = "not_proven"
    SURVIVES = "survives"

    @property
    def words(self) -> str:
        """Return what people read, wherever they read it."""
        return _WORDS[self]


_WORDS: Final = {
    LuckVerdict.EXPLAINED: "explained by luck",
    LuckVerdict.NOT_PROVEN: "not proven",
    LuckVerdict.SURVIVES: "survives",
}


class LuckReason(StrEnum):
    """Why luck explains a result, or why it is not proven; the first explains."""

    LUCK_SUFFICES = "luck_suffices"
    TOO_SHORT = "too_short"
    FEW_TRADES = "few_trades"
    DEFLATED_SHARPE = "deflated_sharpe"
    SEARCH_OVERFITS = "search_overfits"
    HOLDOUT_LOSS = "holdout_loss"
    BELOW_HOLD = "below_hold"
    RANDOM_TIMING = "random_timing"
    LONE_PEAK = "lone_peak"
    INTERVAL = "interval"
    EARLIER_RULE = "earlier_rule"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason and its sentence."""

    reason: LuckReason
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What scrutiny made of one trial; no findings, it survives."""

    figures: LuckFigures
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> LuckVerdict:
        """Return the verdict these findings come to."""
        return verdict_of(finding.reason.value for finding in self.findings)


def verdict_of(codes: Iterable[str]) -> LuckVerdict:
    """Return the verdict that reasons, by their codes, come to."""
    found = set(codes)
    if LuckReason.LUCK_SUFFICES in found:
        return LuckVerdict.EXPLAINED
    return LuckVerdict.NOT_PROVEN if found else LuckVerdict.SURVIVES


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


def judge(figures: LuckFigures, evidence: Evidence) -> Judgement:
    """Return the judgement on one trial."""
    if evidence.n_trades == 0:  # what never moved has no ratio and no interval to speak of
        idle = "It never traded: earning nothing takes no skill."
        return Judgement(figures, (Finding(LuckReason.LUCK_SUFFICES, idle),))
    found = (
        *counted_findings(figures, evidence.n_searched),
        _few_trades(evidence),
        _overfits(figures, evidence),
        _holdout(figures),
        _below_hold(figures, evidence),
        _random_timing(figures),
        _lone_peak(figures),
        _interval(figures),
    )
    return Judgement(figures, in_order(finding for finding in found if finding is not None))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of their reasons."""
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.reason]))


_ORDER: Final = {reason: place for place, reason in enumerate(LuckReason)}


def counted_findings(figures: LuckFigures, n_searched: int) -> tuple[Finding | None, ...]:
    """Return what the tests say that depend on the number of trials; None where one says nothing.

    Args:
        figures: of a trial that traded; those of ``luck_recount`` for ``n_searched``.
        n_searched: trials ever made on the data.
    """
    if figures.luck_probability is None:
        return (
            Finding(
                LuckReason.TOO_SHORT,
                f"The window holds too few returns to judge, fewer than {RETURNS_LEAST}: longer "
                "candles or a longer window would tell.",
            ),
        )
    return _luck(figures.luck_probability, figures, n_searched), _deflated(figures, n_searched)


def _luck(chance: float, figures: LuckFigures, n_searched: int) -> Finding | None:
    if chance < LUCK_LEAST:
        return None
    there = " and on the holdout" if figures.holdout_luck_probability is not None else ""
    return Finding(
        LuckReason.LUCK_SUFFICES,
        f"Luck suffices: the best of {count(n_searched)} trials without skill looks as good here"
        f"{there} in {share(chance)} of all searches; expected below {share(LUCK_LEAST)}.",
    )


def _deflated(figures: LuckFigures, n_searched: int) -> Finding | None:
    value, moments = figures.deflated_sharpe, figures.moments
    if value is None or value >= DEFLATED_LEAST:
        return None
    said = f"The deflated Sharpe ratio is {value:.3f}, below {DEFLATED_LEAST}"
    needed = sharpe.returns_needed(moments, n_searched, DEFLATED_LEAST) if moments else None
    if moments is None or needed is None:
        return Finding(LuckReason.DEFLATED_SHARPE, f"{said}: it earned nothing by its timing.")
    return Finding(
        LuckReason.DEFLATED_SHARPE,
        f"{said}: after {count(n_searched)} trials it takes {count(needed)} returns like its "
        f"{count(moments.n)}, {ratio(needed / moments.n)} times as long.",
    )


def _few_trades(evidence: Evidence) -> Finding | None:
    n = evidence.n_trades
    if n >= TRADES_LEAST:
        return None
    trades = f"{n} round trip" + ("" if n == 1 else "s")
    return Finding(
        LuckReason.FEW_TRADES,
        f"It made {trades}; fewer than {TRADES_LEAST} prove nothing: more time or more trades "
        "would.",
    )


def _overfits(figures: LuckFigures, evidence: Evidence) -> Finding | None:
    pbo, loss = figures.pbo, evidence.loss_share
    if pbo is None or loss is None or pbo <= PBO_MOST or loss <= LOSS_SHARE_MOST:
        return None
    return Finding(
        LuckReason.SEARCH_OVERFITS,
        f"The search overfits: the best of one half of time was no better than the median of the "
        f"other in {share(pbo)} of the halves, and lost there in {share(loss)}; longer candles or "
        "fewer strategies would tell more.",
    )


def _holdout(figures: LuckFigures) -> Finding | None:
    result = figures.holdout_return_pct
    if result is None or result >= 0.0:
        return None
    hold = figures.holdout_hold_pct
    beside = "" if hold is None else f" (buying and holding: {percent(hold, signed=True)})"
    return Finding(
        LuckReason.HOLDOUT_LOSS,
        f"It lost {percent(-result)} on the holdout{beside}; newer candles would have to gain.",
    )


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
        f"{ratio(hold_sharpe)}; it earned {percent(evidence.return_pct)} at {ratio(own)} and beats "
        "neither.",
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
        f"range, earned {percent(beside)} or less; a plateau earns on all sides.",
    )


def _interval(figures: LuckFigures) -> Finding | None:
    low, high = figures.bootstrap_return_low_pct, figures.bootstrap_return_high_pct
    if low is None or high is None or low > 0.0:
        return None
    return Finding(
        LuckReason.INTERVAL,
        f"Drawn again in blocks, its return lies between {percent(low)} and {percent(high)} "
        f"({share(0.9)}), which includes a loss; more time narrows it.",
    )
