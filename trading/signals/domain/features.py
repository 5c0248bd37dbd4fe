"""Keep the current value of every feature the strategies of one pair asked for.

This is the streaming tier of the shared indicator cache: a feature wanted by several strategies is
computed once per closed bar, all of them in one compiled call, and each consumer reads its own
contiguous, read-only window of values. The forming bar is answered from a copy (``peek``), so it
can never leak into what closed bars decide.

Source: reference specification platform 1.4 (I1-I4, I8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import FloatArray
from trading.signals.domain.feature_kernels import advance
from trading.signals.domain.feature_plan import plan_make
from trading.signals.domain.strategies.base import Feature, warm_bars

_N_BARS: Final = 0
_LAST_BAR: Final = slice(1, 6)
_N_UPDATES: Final = 11


class FeatureBank:
    """Streamed features of one pair, shared by its consumers.

    Not safe for use by several threads at once; one session owns it.
    """

    __slots__ = (
        "_gather",
        "_memory",
        "_out",
        "_peek_memory",
        "_peek_out",
        "_peek_values",
        "_peek_views",
        "_plan",
        "_values",
        "_views",
        "features",
        "last_bar",
    )

    def __init__(self, wanted: Sequence[tuple[Feature, ...]]) -> None:
        """Prepare the distinct features of all consumers.

        Args:
            wanted: per consumer, the features in the order it reads them; may be empty.

        Raises:
            BadInputError: a feature has no meaning (period, column).
        """
        self.features: tuple[Feature, ...] = tuple(dict.fromkeys(f for one in wanted for f in one))
        place = {feature: i for i, feature in enumerate(self.features)}
        self._plan, length = plan_make(self.features)
        self._memory = np.zeros(length)
        self._values = np.full(len(self.features), np.nan)
        self._gather = np.array([place[f] for one in wanted for f in one], dtype=np.int64)
        self._out = np.full(self._gather.shape[0], np.nan)
        self._views = _split(self._out, wanted)
        self.last_bar = _read_only(self._memory[_LAST_BAR])
        self._peek_memory: FloatArray | None = None
        self._peek_values = self._values.copy()
        self._peek_out = self._out.copy()
        self._peek_views = _split(self._peek_out, wanted)

    @property
    def n_bars(self) -> int:
        """Return how many closed bars were fed."""
        return int(self._memory[_N_BARS])

    @property
    def n_updates(self) -> int:
        """Return how many feature updates were computed: bars times distinct features."""
        return int(self._memory[_N_UPDATES])

    @property
    def warm_bars(self) -> int:
        """Return how many bars it takes until no feature is NaN."""
        return max((warm_bars(feature) for feature in self.features), default=0)

    def update(self, o: float, h: float, low: float, c: float, v: float) -> None:
        """Advance all features by one closed bar.

        Args:
            o: open, quote per base, as ``h``, ``low`` and ``c``; finite and positive.
            h: high.
            low: low.
            c: close.
            v: volume in base, finite, 0 or more.
        """
        advance(self._plan, self._memory, self._values, self._gather, self._out, (o, h, low, c, v))

    def view(self, consumer: int) -> FloatArray:
        """Return the values ``consumer`` asked for, in its order.

        Returns:
            float64[m], read-only, NaN until warm; always the same array, changed by ``update``.
        """
        return self._views[consumer]

    def peek(self, o: float, h: float, low: float, c: float, v: float) -> tuple[FloatArray, ...]:
        """Return what the views would show if the forming bar closed like this; changes nothing.

        Returns:
            one float64[m] per consumer, read-only, overwritten by the next ``peek``. Costs a copy
            of the whole memory.
        """
        if self._peek_memory is None:
            self._peek_memory = np.empty_like(self._memory)
        np.copyto(self._peek_memory, self._memory)
        advance(
            self._plan,
            self._peek_memory,
            self._peek_values,
            self._gather,
            self._peek_out,
            (o, h, low, c, v),
        )
        return self._peek_views

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return a copy of everything needed to continue bit for bit."""
        return {
            "plan": self._plan.copy(),
            "memory": self._memory.copy(),
            "values": self._values.copy(),
        }

    def restore(self, state: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Continue from ``state``; the views given out before stay valid.

        Raises:
            InvariantError: the state belongs to a bank with other features.
        """
        plan, memory, values = state["plan"], state["memory"], state["values"]
        if not np.array_equal(plan, self._plan) or memory.shape != self._memory.shape:
            raise InvariantError(
                f"snapshot has {plan.shape[0]} features in another layout; "
                f"this bank has {self._plan.shape[0]}"
            )
        np.copyto(self._memory, memory)
        np.copyto(self._values, values)
        if self._gather.size:
            np.take(self._values, self._gather, out=self._out)


def features_compile() -> None:
    """Compile the kernels (or load them from the disk cache) before the first bar arrives."""
    FeatureBank(((),)).update(1.0, 1.0, 1.0, 1.0, 0.0)


def _read_only(array: FloatArray) -> FloatArray:
    view = array.view()
    view.flags.writeable = False
    return view


def _split(out: FloatArray, wanted: Sequence[tuple[Feature, ...]]) -> tuple[FloatArray, ...]:
    stops = np.cumsum([len(one) for one in wanted], dtype=np.int64)
    return tuple(
        _read_only(out[stop - len(one) : stop]) for one, stop in zip(wanted, stops, strict=True)
    )
