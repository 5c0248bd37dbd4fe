"""Core and paper venue together: what replay, ghost sessions, recovery and verification all run.

The caller decides when rows are committed; orders reach the venue only through ``send``, which it
calls after the commit. Confirmations the venue gives at once come back as a second output that is
committed the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trading.desk.domain.decision.core import DeskCore
from trading.desk.domain.decision.memory import bar_as_taken
from trading.desk.domain.decision.output import (
    AmendOrder,
    CancelOrder,
    Command,
    StepOutput,
    SubmitOrder,
)
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.decision.unanswered import UNCONFIRMED, commands_unanswered
from trading.desk.domain.execution.paper import PaperVenue
from trading.market.domain.bars import Bar
from trading.market.domain.instruments import Instrument


class DeskDriver:
    """Runs one session's core against the simulated venue."""

    def __init__(self, state: DeskState, *, is_paper: bool = True) -> None:
        """Begin; without paper the answers of a venue outside come as reports."""
        self.core = DeskCore(state)
        self.venue = _paper_venue(state) if is_paper else None

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
            bars = [(name, bar_as_taken(state, seq, bar)) for name, bar in bars]
        reports = {}
        for name, bar in bars:
            pair = state.pairs.get(name)
            if pair is None or self.venue is None:
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
        if not out.commands or self.venue is None:
            return []
        for command in out.commands:
            _dispatch(self.venue, command, out.bar_time)
        reports = self.venue.drain()
        if not reports:
            return []
        after = self.core.apply_reports(reports)
        return [after, *self.send(after)]

    def resume(self) -> list[StepOutput]:
        """Send what the books have no answer for; return what the confirmations changed.

        The paper venue lives in this process: what it did not confirm it never had.
        """
        out = self.core.between_bars()
        out.commands += commands_unanswered(self.state)
        return self.send(out)

    def obey_instruments(self, instruments: Mapping[str, Instrument]) -> StepOutput:
        """Let core and venue go by these rounding rules from the next bar on."""
        if self.venue is not None:
            self.venue.learn(instruments)
        return self.core.apply_instruments(instruments)


def _paper_venue(state: DeskState) -> PaperVenue:
    """Return the venue with the orders it had confirmed."""
    orders = [order for bot in state.bots for order in bot.orders.values()]
    return PaperVenue(
        {name: pair.instrument for name, pair in state.pairs.items()},
        state.step_ms,
        [order for order in orders if order.status not in UNCONFIRMED],
    )


def _dispatch(venue: PaperVenue, command: Command, now: int) -> None:
    if isinstance(command, SubmitOrder):
        venue.submit(command.order, now)
    elif isinstance(command, CancelOrder):
        venue.cancel(command.order, now)
    elif isinstance(command, AmendOrder):
        stop_price, quantity = command.stop_price, command.quantity
        venue.amend(command.order, now, stop_price=stop_price, quantity=quantity)
