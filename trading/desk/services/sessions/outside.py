"""A session's side of a venue outside this process: when it sends, listens, asks and reconciles.

What the venue says becomes one REPORT fact a hearing, recorded with all it changed, so that a
replay needs no venue. The paper venue needs none of this: its answers are recomputed from bars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from trading.base.domain.errors import InvariantError
from trading.base.ports.clock import Clock
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.output import Command
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.execution.orders import ExecutionReport
from trading.desk.ports.venue import Venue
from trading.desk.services.execution.books import StateBooks
from trading.desk.services.execution.outside import RECONCILE_S, VenueTalk
from trading.desk.services.execution.reports import reports_dump
from trading.desk.services.sessions.hooks import Hook

ENTRY: Final = "execution"  # of the start: who fills the session's orders
PAPER: Final = "paper"
OUTSIDE: Final = "outside"

Record = Callable[[FactKind, dict[str, Any]], Sequence[Command]]


def is_paper(start: Mapping[str, Any]) -> bool:
    """Return whether the session of this start fills its orders by itself, from bars."""
    return bool(start.get(ENTRY, PAPER) == PAPER)


def venue_fits(start: Mapping[str, Any], venue: Venue | None) -> None:
    """Refuse a session the way to its venue is missing for, or that has a way too many.

    Raises:
        InvariantError: the start and the venue that was given do not go together.
    """
    if is_paper(start) is not (venue is None):
        given = "none was given" if venue is None else "one was given"
        raise InvariantError(
            f"the session's orders are filled {start.get(ENTRY, PAPER)!r}; of venues {given}"
        )


class OutsideVenue:
    """Keeps the talk with the venue going."""

    def __init__(
        self,
        venue: Venue,
        *,
        state: DeskState,
        clock: Clock,
        record: Record,
        hold: Callable[[], None],
        hook: Hook,
    ) -> None:
        """Begin; ``record`` lets a fact count and commits it, ``hold`` renews the lease."""
        self._record = record
        self._clock = clock
        self._reconciled_at = clock.monotonic()
        self._is_opening = True
        self.talk = VenueTalk(
            venue=venue,
            books=StateBooks(state, hear=self._hear, hold=hold),
            clock=clock,
            entry_life_ms=state.step_ms,
            hook=hook,
        )

    def recover(self) -> None:
        """Ask about everything that is open; nothing is sent that the venue may already have."""
        self.talk.recover()

    def heed(self) -> bool:
        """Take in what the venue said, ask what is not known, and now and then ask everything.

        Returns False until everything that was open when the session was opened is known; nothing
        is to be decided before. Later an order without an answer keeps its own bot busy.
        """
        self.talk.listen()
        self.talk.ask()
        now = self._clock.monotonic()
        if now - self._reconciled_at >= RECONCILE_S:
            self._reconciled_at = now
            self.talk.reconcile()
        self._is_opening = self._is_opening and self.talk.is_asking()
        return not self._is_opening

    def send(self, commands: Iterable[Command], *, committed_ms: int) -> None:
        """Send what was committed; ``committed_ms`` is when that commit began, by the host."""
        self.talk.send(commands, committed_ms=committed_ms)

    def _hear(self, reports: Sequence[ExecutionReport]) -> Sequence[Command]:
        return self._record(FactKind.REPORT, {"reports": reports_dump(reports)})
