"""Let a verdict stand for all trials made until now, not only for those made until it was found.

Of all tests the deflated Sharpe ratio alone knows how many trials were made on the data, and every
later search makes more of them. So a verdict keeps what that ratio is found from, and whoever reads
it charges it for the present count. Verdicts from before this was kept stay as they were judged.

Source: optimizer issue, "Luck control"; docs/adr/0003-luck.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from optimizer.domain.luck import sharpe
from optimizer.domain.luck.figures import LuckFigures
from optimizer.domain.luck.verdict import LuckReason, deflated_finding

_ORDER: Final = {reason.value: place for place, reason in enumerate(LuckReason)}
_DEFLATED: Final = LuckReason.DEFLATED_SHARPE.value


@dataclass(frozen=True, slots=True)
class StandingVerdict:
    """What scrutiny made of one trial, as it stands.

    Attributes:
        explained: luck explains the result.
        reasons: why, in sentences.
        figures: what the reasons were found from.
        codes: the same reasons from their closed set; none in verdicts from before they were kept.
        n_judged: trials ever made on the data when it was examined.
        n_charged: trials this verdict is charged for.
        n_made: trials made on the data by now.
    """

    explained: bool
    reasons: tuple[str, ...] = ()
    figures: LuckFigures = field(default_factory=LuckFigures)
    codes: tuple[str, ...] = ()
    n_judged: int = 0
    n_charged: int = 0
    n_made: int = 0

    @property
    def is_behind(self) -> bool:
        """Return whether trials were made since that this verdict cannot be charged for."""
        return self.n_charged < self.n_made

    @property
    def survives(self) -> bool:
        """Return whether luck does not explain it, all trials counted."""
        return not self.explained and not self.is_behind


def verdict_stand(stored: StandingVerdict, n_made: int) -> StandingVerdict:
    """Return a verdict charged for every trial made on the data.

    Args:
        stored: as it was judged.
        n_made: trials ever made on the data; fewer than it was judged at change nothing.
    """
    n_made, figures = max(n_made, stored.n_judged), stored.figures
    if n_made == stored.n_judged or figures.deflated_sharpe is None:
        # nothing else in it depends on the count
        return replace(stored, n_charged=n_made, n_made=n_made)
    terms = _terms(figures)
    if terms is None or len(stored.codes) != len(stored.reasons):
        return replace(stored, n_charged=stored.n_judged, n_made=n_made)
    deflated = sharpe.deflated_sharpe(terms[0], n_made, terms[1])
    figures = replace(figures, deflated_sharpe=deflated)
    found = dict(zip(stored.codes, stored.reasons, strict=True))
    found.pop(_DEFLATED, None)
    finding = deflated_finding(figures, n_made)
    if finding is not None:
        found[finding.reason.value] = finding.sentence
    codes = sorted(found, key=lambda code: _ORDER.get(code, len(_ORDER)))
    return StandingVerdict(
        explained=bool(codes),
        reasons=tuple(found[code] for code in codes),
        figures=figures,
        codes=tuple(codes),
        n_judged=stored.n_judged,
        n_charged=n_made,
        n_made=n_made,
    )


def _terms(figures: LuckFigures) -> tuple[sharpe.ReturnMoments, float] | None:
    """Return what the deflated Sharpe ratio is found from, None where it was not kept."""
    n, ratio = figures.sharpe_periods, figures.sharpe_per_period
    skewness, kurtosis = figures.sharpe_skewness, figures.sharpe_kurtosis
    variance = figures.sharpe_variance
    if n is None or ratio is None or skewness is None or kurtosis is None or variance is None:
        return None
    return sharpe.ReturnMoments(int(n), ratio, skewness, kurtosis), variance


@dataclass(frozen=True, slots=True)
class StandingHurdle:
    """The yearly Sharpe ratio the best without skill would show; None where it is not known.

    Attributes:
        n_judged: trials ever made on the data when the search was examined.
        judged: the ratio for these.
        n_made: trials made by now.
        now: the ratio for these.
    """

    n_judged: int | None = None
    judged: float | None = None
    n_made: int = 0
    now: float | None = None

    @property
    def has_grown(self) -> bool:
        """Return whether trials were made since the search was examined."""
        return self.n_judged is not None and self.n_judged < self.n_made


def hurdle_stand(luck: Mapping[str, Any], n_made: int) -> StandingHurdle:
    """Return the hurdle as it was and as it stands.

    Args:
        luck: what scrutiny stored of the search; empty where it was not examined.
        n_made: trials ever made on the data.
    """
    n_judged, judged = _number(luck, "n_searched"), _number(luck, "sharpe_hurdle")
    if n_judged is None or judged is None:
        return StandingHurdle(judged=judged, n_made=n_made)
    n_made, variance = max(n_made, int(n_judged)), _number(luck, "sharpe_variance")
    most = sharpe.expected_maximum(int(n_judged))
    if variance is None and most > 0.0:  # searches examined before it was kept
        variance = (judged / most) ** 2
    now = None if variance is None else sharpe.luck_hurdle(variance, n_made)
    if n_made == n_judged:
        now = judged
    return StandingHurdle(int(n_judged), judged, n_made, now)


def _number(luck: Mapping[str, Any], name: str) -> float | None:
    value = luck.get(name)
    return float(value) if isinstance(value, int | float) else None
