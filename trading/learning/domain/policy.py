"""What a forecast must say before an entry."""

from __future__ import annotations

from dataclasses import dataclass

from trading.base.domain.settings import check_ranges, setting


@dataclass(frozen=True, slots=True)
class ForecastPolicy:
    """What the forecast must say before an entry."""

    horizon_bars: int = setting(12, "Prediction distance", "bars", 1, 10_000)
    p_up_min: float = setting(0.45, "Least probability for the proposal's side", "ratio", 0, 1)

    def __post_init__(self) -> None:
        check_ranges(self)
