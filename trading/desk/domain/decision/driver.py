"""Core and paper venue together: what replay, ghost sessions, recovery and verification all run.

The caller decides when rows are committed; orders reach the venue only through ``send``, which it
calls after the commit. Confirmations the venue gives at once come back as a second output that is
committed the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

from trading.desk.domain.decision.core import DeskCore
from trading.desk.domain.decision.output import (
    AmendOrder,
    CancelOrder,
    Command,
    StepOutput,
    SubmitOrder,
)
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.execution.paper import PaperVenue
from trading.market.domain.bars import WARMUP, Bar


class DeskDriver:
    """Runs one session's core against the simulated venue."""

    def __init__(self, state: DeskState) -> None:
        self.core = DeskCore(state)
        self.venue = PaperVenue(
            {name: pair.instrument for name, pair in state.pairs.items()},
            state.step_ms,
            [order for bot in state.bots for order in bot.orders.values()],
        )

    @property
    def state(self) -> DeskState:
        """Return the session's state."""
        return self.core.state

    def step(self, seq: int, bars: Sequence[tuple[str, Bar]]) -> StepOutput:
        """Let the venue answer the bars of one time, then decide on them.

        ``seq`` is the stream number of the last of them.
        """
        state = self.state
        if seq <= state.warm_through_seq:
            bars = [(name, _warming(bar)) for name, bar in bars]
        reports = {}
        for name, bar in bars:
            pair = state.pairs.get(name)
            if pair is None:
                continue
            told = self.venue.on_bar(
                name,
                bar,
                costs=pair.costs,
                own_costs=pair.own_costs,
                participation_pct=state.policy.execution.participation_pct,
            )
            if told:
                reports[name] = told
        return self.core.step(seq, bars, reports)

    def send(self, out: StepOutput) -> list[StepOutput]:
        """Hand the committed commands to the venue; return what its confirmations changed."""
        if not out.commands:
            return []
        for command in out.commands:
            self._dispatch(command, out.bar_time)
        reports = self.venue.drain()
        if not reports:
            return []
        after = self.core.apply_reports(reports)
        return [after, *self.send(after)]

    def _dispatch(self, command: Command, now: int) -> None:
        if isinstance(command, SubmitOrder):
            self.venue.submit(command.order, now)
        elif isinstance(command, CancelOrder):
            self.venue.cancel(command.order, now)
        elif isinstance(command, AmendOrder):
            self.venue.amend(
                command.order, now, stop_price=command.stop_price, quantity=command.quantity
            )


def _warming(bar: Bar) -> Bar:
    return Bar(
        bar.open_time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.flags | WARMUP
    )
