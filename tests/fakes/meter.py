"""A meter that remembers."""

from __future__ import annotations

from trading.base.domain.metrics import Metric


class MemoryMeter:
    """Fulfils ``Meter``; ``values`` holds sums and levels by name and labels."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], float] = {}

    def count(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        key = (metric.name, *labels.values())
        self.values[key] = self.values.get(key, 0.0) + amount

    def level(self, metric: Metric, value: float, **labels: str) -> None:
        self.values[metric.name, *labels.values()] = value
