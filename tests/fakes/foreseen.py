"""Forecasts laid beside bars that a test decides on without a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.services.sessions.forecasting import service_open
from trading.learning.domain.forecasting.blocks import block_of
from trading.learning.ports.forecasters import Forecaster
from trading.market.domain.series.turns import BarTime


def foresee(driver: DeskDriver, forecaster: Forecaster, times: Iterable[BarTime]) -> None:
    """Let the forecaster see the bars and lay what it says on the session's shelf."""
    block = block_of([(time.open_time, time.bars) for time in times], driver.state.step_ms)
    driver.core.apply_forecasts(forecaster.observe(block))


def foresee_from(driver: DeskDriver, start: Mapping[str, Any], times: Iterable[BarTime]) -> None:
    """Do it with a new forecaster of the kind the start names."""
    foresee(driver, service_open(start, driver.state).forecaster, times)
