"""What a session asks of its forecaster, from its start and its policy.

The start names the forecaster and the horizons besides the policy's; sessions older than that
entry get the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trading.base.domain.money import BPS, ZERO, exact
from trading.desk.domain.decision.state import DeskState
from trading.desk.services.sessions.snapshots import Learnt
from trading.learning.domain.forecasting.horizons import ASKED, horizon_get, lengths_asked
from trading.learning.domain.forecasting.sets import Ask
from trading.learning.services.forecasting.known import DEFAULT, forecaster_check, forecaster_make
from trading.learning.services.forecasting.serving import ForecastService
from trading.market.domain.bars import to_decimal

ENTRY: Final = "forecasts"  # of the start


def forecasts_plan(
    forecaster: str = DEFAULT, horizons: Sequence[str] = ASKED
) -> dict[str, dict[str, Any]]:
    """Return the start's entry for a forecaster and the labels of horizons.

    Raises:
        BadInputError: there is no such forecaster or horizon; the message lists those there are.
    """
    labels = [horizon_get(label).label for label in horizons]
    return {ENTRY: {"forecaster": forecaster_check(forecaster), "horizons": labels}}


def service_open(start: Mapping[str, Any], state: DeskState) -> ForecastService:
    """Return the session's forecaster before its first bar.

    Raises:
        BadInputError: the start names one that does not exist.
    """
    plan = _plan(start)
    return ForecastService(forecaster_make(str(plan["forecaster"]), asked_of(start, state)))


def service_resume(
    start: Mapping[str, Any], state: DeskState, learnt: Learnt | None
) -> tuple[ForecastService, int]:
    """Return the session's forecaster with what a snapshot remembers, and up to which bar that is.

    Raises:
        BadInputError: the start names one that does not exist.
    """
    service = service_open(start, state)
    is_of_use = learnt is not None and service.forecaster.restore(learnt.memory)
    return service, learnt.through_seq if learnt is not None and is_of_use else 0


def asked_of(start: Mapping[str, Any], state: DeskState) -> Ask:
    """Return what is asked under the policy now in force; ask again when another one is."""
    policy = state.policy
    horizons = lengths_asked(_plan(start)["horizons"], state.step_ms, policy.forecast.horizon_bars)
    names = tuple(sorted(state.pairs))
    costs = {name: _round_trip(state, name) for name in names}
    return Ask(names, state.step_ms, horizons, costs)


def _plan(start: Mapping[str, Any]) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = start.get(ENTRY) or forecasts_plan()[ENTRY]
    return entry


def _round_trip(state: DeskState, pair: str) -> float:
    """Return what the largest position a bot may take on the pair costs to open and close."""
    bankrolls = [bot.spec.bankroll for bot in state.bots if bot.spec.pair == pair]
    with exact():
        notional = max(bankrolls, default=ZERO) * to_decimal(state.policy.risk.position_pct) / 100
    return state.pairs[pair].costs.round_trip_bps(notional) / float(BPS)
