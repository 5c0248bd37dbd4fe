"""Ask a forecaster and get an answer for every bar, also when it fails.

A failure is an answer too (``Missing.FORECASTER_FAILED``); it is counted and told with its error,
and never ends a step. After three in a row the forecaster rests for 1, 2, 4 ... 64 blocks. The bars
it has not taken in meanwhile are kept and shown first at the next try, because it must see all of
them. When too many wait it is given up until the session is opened again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from trading.base.domain.events import FORECASTER_FAILED, FORECASTER_GIVEN_UP
from trading.base.services.event_log import EventLog
from trading.learning.domain.forecasting.blocks import TIMES_AHEAD, BarBlock, blocks_of_series
from trading.learning.domain.forecasting.runs import ForecastRun, failed_run
from trading.learning.ports.forecasters import Forecaster
from trading.market.domain.bars import BarArrays

FAILURES_BEFORE_REST: Final = 3
LONGEST_REST: Final = 64  # blocks
MOST_WAITING: Final = 20_000  # steps
_log = EventLog(__name__)


class ForecastService:
    """One session's forecaster, guarded.

    Attributes:
        forecaster: the one asked.
        n_failures: how often it failed.
        trouble: why it gives no forecasts now; empty when it does.
    """

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster
        self.n_failures = 0
        self.trouble = ""
        self._in_a_row = 0
        self._rest = 0
        self._waiting: deque[BarBlock] = deque()
        self._n_waiting = 0
        self._is_given_up = False

    def observe(self, block: BarBlock) -> ForecastRun:
        """Return a set for every step of the block; take in nothing twice."""
        if self._is_given_up:
            return failed_run(self.forecaster.head, block)
        if self._rest:
            self._rest -= 1
            return self._without(block)
        try:
            while self._waiting:
                self.forecaster.observe(self._waiting[0])
                self._n_waiting -= len(self._waiting.popleft())
            run = self.forecaster.observe(block)
        except Exception as error:  # noqa: BLE001 - whatever a model raises, the desk goes on
            self._failed(error)
            return self._without(block)
        self._in_a_row, self.trouble = 0, ""
        return run

    def relearn(self, blocks: Iterable[BarBlock]) -> None:
        """Show it bars again that were answered before, so that it remembers them."""
        for block in blocks:
            self.observe(block)

    def _failed(self, error: Exception) -> None:
        self.n_failures += 1
        self._in_a_row += 1
        self.trouble = f"{type(error).__name__}: {error}"
        if self._in_a_row >= FAILURES_BEFORE_REST:
            self._rest = min(LONGEST_REST, 2 ** (self._in_a_row - FAILURES_BEFORE_REST))
        name = self.forecaster.head.forecaster
        _log.say(FORECASTER_FAILED, forecaster=name, in_a_row=self._in_a_row, why=self.trouble)

    def _without(self, block: BarBlock) -> ForecastRun:
        self._waiting.append(block)
        self._n_waiting += len(block)
        if self._n_waiting > MOST_WAITING:
            self._is_given_up = True
            self._waiting.clear()
            self.trouble = f"given up after {self.n_failures} failures; {self.trouble}"
            name = self.forecaster.head.forecaster
            _log.say(FORECASTER_GIVEN_UP, forecaster=name, why=self.trouble)
        return failed_run(self.forecaster.head, block)


def forecasts_ahead(
    service: ForecastService,
    series: Mapping[str, BarArrays],
    step_ms: int,
    *,
    times: int = TIMES_AHEAD,
) -> Iterator[ForecastRun]:
    """Yield the forecasts of stored bars, a run for each ``times`` bar times, in their order."""
    for block in blocks_of_series(series, step_ms, times=times):
        yield service.observe(block)
