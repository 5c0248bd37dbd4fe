"""The data of a study: candles, costs, their fingerprints, and the part nobody may search.

The holdout is the newest share of the bars. It is cut off before anything is handed to a worker,
so that no search can see it; an embargo between the two lets pass what moved the last days of the
search part.

Source: optimizer issue, "Luck control".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optimizer.domain.periods import MS_PER_DAY
from optimizer.domain.study.likeness import path_of
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import BarArrays
from trading.market.domain.costs import SwapCostSchedule

LEAST_BARS: Final = 200  # of the search part: fewer say nothing


@dataclass(frozen=True, slots=True)
class StudyData:
    """All candles of a study, the length of a bar in ms, and what swaps cost."""

    bars: BarArrays
    step_ms: int
    costs: SwapCostSchedule

    def data_digest(self) -> str:
        """Return the fingerprint of the candles: times and values, every bit."""
        return bars_digest(self.bars, self.step_ms)

    def price_path(self) -> dict[str, Any]:
        """Return the closes by which the market is recognised, as plain values."""
        return path_of(self.bars, self.step_ms).as_json()

    def cost_digest(self) -> str:
        """Return the fingerprint of the cost schedule."""
        found = hashlib.sha256()
        costs = self.costs
        for column in (costs.notional, costs.loss_rate, costs.buy_gas, costs.sell_gas):
            found.update(np.ascontiguousarray(column).tobytes())
        return found.hexdigest()

    def search_stop(self, holdout_share: float) -> int:
        """Return the bar at which the holdout begins; the search sees the bars before it.

        Raises:
            BadInputError: the share is not within 0 to 0.5, or too few bars are left to search.
        """
        return search_stop(len(self.bars), holdout_share)


def search_stop(n_bars: int, holdout_share: float) -> int:
    """Return the bar at which the holdout of ``n_bars`` begins.

    Raises:
        BadInputError: the share is not within 0 to 0.5, or too few bars are left to search.
    """
    if not 0.0 <= holdout_share <= 0.5:
        raise BadInputError(f"holdout was {holdout_share}; expected a share from 0 to 0.5")
    stop = n_bars - int(n_bars * holdout_share)
    if stop < LEAST_BARS:
        raise BadInputError(
            f"{stop} bars are left to search of {n_bars}; expected {LEAST_BARS} or more, from "
            "longer candles or a smaller holdout"
        )
    return stop


def bars_digest(bars: BarArrays, step_ms: int) -> str:
    """Return SHA-256 of the length of a bar, the open times and the values."""
    found = hashlib.sha256(step_ms.to_bytes(8, "big"))
    found.update(np.ascontiguousarray(bars.open_time).tobytes())
    found.update(np.ascontiguousarray(bars.values).tobytes())
    return found.hexdigest()


def embargo_bars(days: float, step_ms: int) -> int:
    """Return how many bars an embargo of ``days`` is."""
    return round(days * MS_PER_DAY / step_ms)
