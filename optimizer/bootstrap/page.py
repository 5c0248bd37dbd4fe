"""What pages ask beside the studies themselves: what could be searched, and news of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from optimizer.services.news import StudyNews
from trading.base import bootstrap as base
from trading.base.domain.errors import BadInputError
from trading.market import bootstrap as market
from trading.market.ports.candles import SeriesInfo
from trading.market.services.swap_costs.cache import swap_costs_get

_MEASURE: Final = "manage.py swap_costs refresh"


class CostState(NamedTuple):
    """The desk's swap costs: how many rungs, of what, since when, what is wrong, what to do."""

    n_rungs: int
    of: str
    measured_at: datetime | None
    warning: str
    is_simulated: bool = False


def candle_series() -> Sequence[SeriesInfo]:
    """Return every stored series."""
    return market.candle_store().list()


def swap_cost_state() -> CostState:
    """Return what is known of the desk's swap costs."""
    clock = base.system_clock()
    try:
        cache = swap_costs_get(store=market.swap_cost_store())
    except BadInputError as error:
        return CostState(0, "", None, f"{error}; replace it with: {_MEASURE} --force")
    if cache is None:
        return CostState(
            0,
            "",
            None,
            "nothing can be searched: no swap costs were measured yet; measure them with: "
            f"{_MEASURE}",
        )
    return CostState(
        len(cache.entries),
        str(cache.identity),
        cache.measured_at,
        cache.warning(clock),
        cache.identity.is_simulated,
    )


def study_news() -> StudyNews:
    """Return what tells browsers about studies."""
    return StudyNews(base.event_publisher(), base.system_clock())
