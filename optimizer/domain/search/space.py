"""Map a strategy's parameters to the unit cube and back, so that samplers see only numbers 0 to 1.

Whole numbers get cells of equal width, so rounding favours no value; parameters on a logarithmic
scale are spread evenly over their logarithm. The search stays inside the sane range of each
parameter, never in the wider range a person may ask for.

Source: optimizer issue, "Strategies"; reference specification of the optimizer, section 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import FloatArray
from trading.signals.domain.strategies.base import Param


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter as an axis of the cube."""

    name: str
    is_whole: bool
    low: float
    high: float
    is_log: bool

    def value(self, u: float) -> float:
        """Return the parameter at ``u`` in [0, 1]."""
        if self.is_whole:
            cells = int(self.high) - int(self.low) + 1
            return int(self.low) + min(cells - 1, int(u * cells))
        if self.is_log:
            value = float(self.low * (self.high / self.low) ** u)
            return min(self.high, max(self.low, value))
        return self.low + (self.high - self.low) * u

    def place(self, value: float) -> float:
        """Return where ``value`` lies on the axis, in [0, 1]; the middle of its cell if whole."""
        if self.is_whole:
            cells = int(self.high) - int(self.low) + 1
            u = (value - int(self.low) + 0.5) / cells
        elif self.high == self.low:
            u = 0.5
        elif self.is_log:
            u = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            u = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, u))


@dataclass(frozen=True, slots=True)
class Space:
    """The cube of one strategy."""

    strategy: str
    axes: tuple[Axis, ...]

    @classmethod
    def of(cls, strategy: str, params: Sequence[Param]) -> Space:
        """Return the space of a strategy's parameters.

        Raises:
            BadInputError: a range is empty, not finite, or logarithmic and not positive.
        """
        axes = []
        for param in params:
            is_log = param.log
            if not (math.isfinite(param.low) and math.isfinite(param.high)):
                raise BadInputError(f"{strategy}.{param.name} has no finite range to search")
            if param.low > param.high or (is_log and param.low <= 0):
                raise BadInputError(
                    f"{strategy}.{param.name} cannot be searched from {param.low} to {param.high}"
                )
            axes.append(Axis(param.name, param.kind == "int", param.low, param.high, is_log))
        return cls(strategy, tuple(axes))

    @property
    def dim(self) -> int:
        """Return the number of parameters."""
        return len(self.axes)

    def params(self, point: FloatArray) -> dict[str, float]:
        """Return the parameters at ``point``, float64[dim], each in [0, 1]."""
        values: list[float] = point.tolist()
        return {axis.name: axis.value(u) for axis, u in zip(self.axes, values, strict=True)}

    def point(self, params: Mapping[str, float]) -> FloatArray:
        """Return where ``params`` lie, float64[dim]; parameters outside the range at its edge."""
        return np.array([axis.place(params[axis.name]) for axis in self.axes], dtype=np.float64)
