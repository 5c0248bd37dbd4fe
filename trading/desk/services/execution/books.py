"""What the talk with a venue needs of a session: its orders, and a way to make news count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from trading.base.domain.money import ZERO
from trading.desk.domain.decision.output import Command
from trading.desk.domain.decision.state import DeskState
from trading.desk.domain.execution.orders import ExecutionReport, Order

Hear = Callable[[Sequence[ExecutionReport]], Sequence[Command]]
Hold = Callable[[], None]


class Books(Protocol):
    """A session as the talk with its venue sees it."""

    def orders(self) -> Sequence[Order]:
        """Return working orders, and the last ones that are over (a late word may touch them)."""
        ...

    def held(self, order: Order) -> Decimal:
        """Return how much (base) the bot of the order holds of its pair."""
        ...

    def hear(self, reports: Sequence[ExecutionReport]) -> Sequence[Command]:
        """Record the reports as one fact, book them and commit both in one transaction.

        A replay then applies the same reports together. Returns what the books want done about it.

        Raises:
            LeaseLostError: another worker owns the session; nothing was recorded.
        """
        ...

    def hold(self) -> None:
        """Make sure that the session is still ours, as a commit would.

        Raises:
            LeaseLostError: it is not.
        """
        ...


class StateBooks:
    """The books of a desk state; whoever owns it says how facts are kept and the lease renewed."""

    def __init__(self, state: DeskState, *, hear: Hear, hold: Hold) -> None:
        """Begin; ``hear`` and ``hold`` as in ``Books``."""
        self._state = state
        self._hear = hear
        self._hold = hold

    def orders(self) -> Sequence[Order]:
        """Return working orders, then recent ones."""
        bots = self._state.bots
        working = [order for bot in bots for order in bot.orders.values()]
        return working + [order for bot in bots for order in bot.recent.values()]

    def held(self, order: Order) -> Decimal:
        """Return the open position's quantity, 0 for none."""
        position = self._state.bots[order.bot_index].position
        return ZERO if position is None else position.quantity

    def hear(self, reports: Sequence[ExecutionReport]) -> Sequence[Command]:
        """Record, book, commit."""
        return self._hear(reports)

    def hold(self) -> None:
        """Renew the lease."""
        self._hold()
