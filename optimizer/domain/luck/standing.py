"""Let a verdict stand for all trials made until now, not only for those made until it was found.

Two tests know how many trials were made on the data, and every later search makes more of them. So
a verdict keeps what they are found from, and whoever reads it charges it for the present count.
Verdicts of earlier rules that kept less stay as they were judged; none of them survives.

Source: optimizer issue, "Luck control"; docs/adr/0003-luck.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from optimizer.domain.luck import sharpe
from optimizer.domain.luck.figures import LuckFigures, recounted
from optimizer.domain.luck.verdict import (
    Finding,
    LuckReason,
    LuckVerdict,
    counted_findings,
    in_order,
    verdict_of,
)
from optimizer.domain.luck.writing import count

_COUNTED: Final = (LuckReason.LUCK_SUFFICES, LuckReason.DEFLATED_SHARPE)


@dataclass(frozen=True, slots=True)
class StandingVerdict:
    """What scrutiny made of one trial, as it stands.

    Attributes:
        verdict: of the three.
        reasons: why, in sentences; none for what survives.
        figures: what the reasons were found from.
        codes: the same reasons from their closed set.
        n_judged: trials ever made on the data when it was examined.
        n_charged: trials this verdict is charged for.
        n_made: trials made on the data by now.
    """

    verdict: LuckVerdict
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


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """How many examined trials have which verdict."""

    explained: int = 0
    not_proven: int = 0
    survives: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[LuckVerdict]) -> VerdictCounts:
        """Return the counts of ``verdicts``."""
        return cls(**Counter(verdict.value for verdict in verdicts))

    @property
    def total(self) -> int:
        """Return how many were examined."""
        return self.explained + self.not_proven + self.survives

    @property
    def text(self) -> str:
        """Return the counts in words, the best verdict first."""
        one = "survives" if self.survives == 1 else "survive"
        open_ones = "is" if self.not_proven == 1 else "are"
        return (
            f"{count(self.survives)} {one} scrutiny, {count(self.not_proven)} {open_ones} "
            f"{LuckVerdict.NOT_PROVEN.words}, luck explains {count(self.explained)}"
        )


def verdict_stand(stored: StandingVerdict, n_made: int) -> StandingVerdict:
    """Return a verdict charged for every trial made on the data.

    Args:
        stored: as it was judged.
        n_made: trials ever made on the data; fewer than it was judged at change nothing.
    """
    n_made, figures = max(n_made, stored.n_judged), stored.figures
    if n_made == stored.n_judged or (figures.moments, figures.deflated_sharpe) == (None, None):
        # nothing else in it depends on the count
        return replace(stored, n_charged=n_made, n_made=n_made)
    if figures.moments is None:
        return replace(stored, n_charged=stored.n_judged, n_made=n_made)
    figures = recounted(figures, n_made)
    kept = map(Finding, map(LuckReason, stored.codes), stored.reasons)
    found = [finding for finding in kept if finding.reason not in _COUNTED]
    again = [finding for finding in counted_findings(figures, n_made) if finding is not None]
    findings = in_order([*found, *again])
    return replace(
        stored,
        verdict=verdict_of(finding.reason for finding in findings),
        reasons=tuple(finding.sentence for finding in findings),
        figures=figures,
        codes=tuple(finding.reason.value for finding in findings),
        n_charged=n_made,
        n_made=n_made,
    )


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
