"""Run the decision core over stored candles in this process, as fast as it goes.

The same driver as a ghost session, without rows: what it would have written is tallied. Bars of
all pairs are taken in the order of the stream's log (``trading.market.domain.series.turns``), and
the end closes what is open, so that a ghost session over the same candles reaches the same digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

import numpy as np

from trading.base.domain.money import ZERO, canonical, total
from trading.base.domain.reasons import QUIET_OUTCOMES, ExitReason, Outcome
from trading.desk.domain.decision.core import session_equity
from trading.desk.domain.decision.driver import DeskDriver
from trading.desk.domain.decision.journal import has_signal
from trading.desk.domain.decision.output import RoundTripClosed, StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.execution.orders import ReportKind
from trading.desk.services.sessions.blueprint import state_build
from trading.desk.services.sessions.forecasting import service_open
from trading.learning.services.forecasting.serving import ForecastService, forecasts_ahead
from trading.market.domain.bars import Bar, BarArrays, to_decimal
from trading.market.domain.series.turns import BarTime, turn_order

REPLAY_KEY = "replay"
PROGRESS_EVERY = 5_000
N_OUTCOMES = max(Outcome) + 1
_ACTED = frozenset({Outcome.ENTRY_ORDERED, Outcome.EXIT_ORDERED, Outcome.STOP_FILLED})
_NO_REFUSAL = frozenset(map(int, QUIET_OUTCOMES | _ACTED))


@dataclass(slots=True)
class MoneyTally:
    """What the bots of one quote currency earned; amounts in it."""

    bankroll: Decimal = ZERO
    equity: Decimal = ZERO
    realised_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    reserved: Decimal = ZERO
    round_trips: int = 0
    savings_accepted: int = 0

    def add(self, trip: RoundTripClosed) -> None:
        """Count one closed position."""
        self.round_trips += 1
        self.realised_pnl = total(self.realised_pnl, trip.result.realised_pnl)
        self.fees = total(self.fees, trip.result.fees)
        if trip.savings is not None and trip.savings.is_accepted:
            self.savings_accepted += 1
            self.reserved = total(self.reserved, trip.savings.reserved)


@dataclass(slots=True)
class ReplayReport:
    """What a run did; money by quote currency, because two are never added up."""

    bars: int = 0
    decisions: int = 0
    orders: int = 0
    fills: int = 0
    round_trips: int = 0
    money: dict[str, MoneyTally] = field(default_factory=dict)
    n_skipped: Counter[str] = field(default_factory=Counter)
    refusals: list[int] = field(default_factory=lambda: [0] * N_OUTCOMES)  # by outcome
    end_of_data: int = 0  # round trips closed because the bars ended
    digest: str = ""

    def denied(self) -> dict[str, int]:
        """Return how often each reason kept a signal from trading."""
        return {
            outcome.name.lower(): self.refusals[outcome]
            for outcome in Outcome
            if self.refusals[outcome]
        }

    def as_json(self) -> dict[str, Any]:
        """Return the report under the names of the command line's contract.

        The amounts beside ``money`` are those of the only currency, null where there are several.
        """
        tallies = list(self.money.values())
        sole = tallies[0] if len(tallies) == 1 else None
        return {
            "bars": self.bars,
            "decisions": self.decisions,
            "orders": self.orders,
            "fills": self.fills,
            "round_trips": self.round_trips,
            "end_of_data": self.end_of_data,
            "money": [{"quote": quote, **asdict(tally)} for quote, tally in self.money.items()],
            "realised_pnl": sole and sole.realised_pnl,
            "fees": sole and sole.fees,
            "savings": {
                "accepted": sum(tally.savings_accepted for tally in tallies),
                "skipped": dict(sorted(self.n_skipped.items())),
                "reserved": sole and sole.reserved,
            },
            "denied": self.denied(),
            "digest": self.digest,
        }

    def add(self, out: StepOutput) -> None:
        """Count one output."""
        journal = out.journal
        self.decisions += len(journal)
        for _, outcome, record in journal:
            if outcome not in _NO_REFUSAL and has_signal(record):
                self.refusals[outcome] += 1
        if not out.has_effects:
            return
        self.orders += sum(r.kind is ReportKind.SUBMITTED for _, r in out.order_events)
        self.fills += len(out.fills)
        for trip in out.round_trips:
            self.round_trips += 1
            self.end_of_data += trip.exit_reason is ExitReason.END_OF_DATA
            self.money[trip.quote].add(trip)
            if trip.savings is not None and trip.savings.skip_reason is not None:
                self.n_skipped[trip.savings.skip_reason.value] += 1


def replay_run(
    *,
    blueprint: Mapping[str, Any],
    series: Mapping[str, BarArrays],
    session_key: str = REPLAY_KEY,
    on_progress: Callable[[int], None] = lambda _n: None,
    pace: Callable[[int], None] | None = None,
) -> ReplayReport:
    """Decide on every bar of ``series`` (by pair) and return the tally.

    Args:
        blueprint: the session's start, see ``blueprint_make``.
        series: bars by pair.
        session_key: makes the client order ids; no decision depends on it.
        on_progress: told the number of bars done, every few thousand.
        pace: called with each new open time before its bars are decided on; waits at finite speed.
    """
    driver = DeskDriver(state_build(blueprint, session_key=session_key))
    report = ReplayReport(money=_opened(driver.state))
    forecasts = _Ahead(driver, service_open(blueprint, driver.state), series)
    for time in bar_times(series):
        forecasts.reach(time.open_time)
        if pace is not None:
            pace(time.open_time)
        out = driver.step(time.seq, time.bars)
        report.add(out)
        if out.commands:
            for confirmation in driver.send(out):
                report.add(confirmation)
        if time.seq // PROGRESS_EVERY > report.bars // PROGRESS_EVERY:
            on_progress(time.seq)
        report.bars = time.seq
    end = driver.core.apply_end()
    for out in (end, *driver.send(end)):
        report.add(out)
    for quote, (equity, _) in session_equity(driver.state).items():
        report.money[quote].equity = canonical(to_decimal(equity))
    report.digest = driver.state.digest.hex()
    return report


class _Ahead:
    """Forecasts of stored bars, computed in blocks shortly before the bars are decided on."""

    def __init__(
        self, driver: DeskDriver, service: ForecastService, series: Mapping[str, BarArrays]
    ) -> None:
        self._core = driver.core
        self._runs = forecasts_ahead(service, series, driver.state.step_ms)
        self._until = -1

    def reach(self, open_time: int) -> None:
        """Lay the run that serves this bar time on the session's shelf, once."""
        if open_time > self._until and (run := next(self._runs, None)) is not None:
            self._core.apply_forecasts(run)
            self._until = int(run.open_times[-1])


def _opened(state: DeskState) -> dict[str, MoneyTally]:
    """Return a tally for every currency with what its bots start with."""
    money: dict[str, MoneyTally] = {}
    for bot in state.bots:
        quote = state.pairs[bot.spec.pair].instrument.pair.quote
        tally = money.setdefault(quote, MoneyTally())
        tally.bankroll = total(tally.bankroll, bot.spec.bankroll)
    return dict(sorted(money.items()))


def bar_times(series: Mapping[str, BarArrays]) -> Iterator[BarTime]:
    """Yield the bars of all pairs by time, those of one time by what the market did."""
    names = sorted(series)
    if not names:
        return
    times = np.concatenate([series[name].open_time for name in names])
    values = np.concatenate([series[name].values for name in names], axis=1)
    flags = np.concatenate([series[name].flags for name in names])
    pairs = np.repeat(np.arange(len(names)), [len(series[name]) for name in names])
    order = turn_order(times, values)
    columns = [values[row, order].tolist() for row in range(5)]
    rows = map(Bar._make, zip(times[order].tolist(), *columns, flags[order].tolist(), strict=True))
    named = zip((names[i] for i in pairs[order].tolist()), rows, strict=True)
    first = 0
    for end in [*(np.flatnonzero(np.diff(times[order])) + 1).tolist(), len(order)]:
        bars = list(islice(named, end - first))
        yield BarTime(end, bars[0][1].open_time, bars)
        first = end
