"""What a trigger must show to become a proposal."""

from __future__ import annotations

from dataclasses import dataclass

from trading.base.domain.settings import check_ranges, setting


@dataclass(frozen=True, slots=True)
class SignalPolicy:
    """From trigger to proposal."""

    score_min: float = setting(0.10, "Least strength times confidence", "ratio", 0, 1)
    conviction_min: float = setting(0.28, "Least conviction for a proposal", "ratio", 0, 1)
    weight_strength: float = setting(0.5, "Weight of strength in conviction", "factor", 0, 1)
    weight_confidence: float = setting(0.3, "Weight of confidence in conviction", "factor", 0, 1)
    gap_cooldown_bars: int = setting(3, "Bars without entries after missing bars", "bars", 0, 1000)

    def __post_init__(self) -> None:
        check_ranges(self)
