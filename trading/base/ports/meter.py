"""Measuring as a dependency: services count, somebody else shows it."""

from __future__ import annotations

from typing import Protocol

from trading.base.domain.metrics import Metric


class Meter(Protocol):
    """Takes down what ``trading.base.domain.metrics`` declares."""

    def count(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter; ``labels`` are exactly those it declares."""
        ...

    def level(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge."""
        ...
