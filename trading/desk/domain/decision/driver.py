"""Core and paper venue together: what replay, ghost sessions, recovery and verification all run.

The caller decides when rows are committed; orders reach the venue only through ``send``, which it
calls after the commit. Confirmations the venue gives at once come back as a second output that is
committed the same way.
"""

from __future__ import annotations

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

    def step(self, seq: int, pair: str, bar: Bar) -> StepOutput:
        """Let the venue answer the bar, then decide on it."""
        if seq <= self.state.warm_through_seq:
            bar = _warming(bar)
        held = self.state.pairs.get(pair)
        reports = []
        if held is not None:
            reports = self.venue.on_bar(
                pair,
                bar,
                costs=held.costs,
                own_costs=held.own_costs,
                participation_pct=self.state.policy.execution.participation_pct,
            )
        return self.core.step(seq, pair, bar, reports)

    def send(self, out: StepOutput) -> list[StepOutput]:
        """Hand the committed commands to the venue; return what its confirmations changed."""
        pairs: dict[str, None] = {}  # in order of first mention
        for command in out.commands:
            self._dispatch(command, out.bar_time)
            pairs[command.order.pair] = None
        outputs = []
        for pair in pairs:
            reports = self.venue.drain(pair)
            if reports:
                after = self.core.apply_reports(pair, reports)
                outputs.append(after)
                outputs.extend(self.send(after) if after.commands else ())
        return outputs

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
