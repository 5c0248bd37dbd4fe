"""What the talk with a venue needs of a session: its orders, and a way to make news count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from trading.base.domain.money import ZERO
from trading.desk.domain.decision.core import DeskCore
from trading.desk.domain.decision.output import Command, StepOutput
from trading.desk.domain.execution.orders import ExecutionReport, Order

Record = Callable[[Sequence[ExecutionReport]], int]  # returns the number of the fact
Commit = Callable[[StepOutput], None]
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

        Returns what the books want done about it.

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


class CoreBooks:
    """The books of a decision core; whoever owns it says how facts are kept.

    ``record`` numbers one fact of what was heard together and keeps it for the transaction that
    ``commit`` makes of it and what it changed: a replay applies the same reports together.
    """

    def __init__(self, core: DeskCore, *, record: Record, commit: Commit, hold: Hold) -> None:
        self._core = core
        self._record = record
        self._commit = commit
        self._hold = hold

    def orders(self) -> Sequence[Order]:
        """Return working orders, then recent ones."""
        bots = self._core.state.bots
        working = [order for bot in bots for order in bot.orders.values()]
        return working + [order for bot in bots for order in bot.recent.values()]

    def held(self, order: Order) -> Decimal:
        """Return the open position's quantity, 0 for none."""
        position = self._core.state.bots[order.bot_index].position
        return ZERO if position is None else position.quantity

    def hear(self, reports: Sequence[ExecutionReport]) -> Sequence[Command]:
        """Record, book, commit."""
        self._record(reports)
        out = self._core.apply_reports(reports)
        self._commit(out)
        return out.commands

    def hold(self) -> None:
        """Renew the lease."""
        self._hold()
