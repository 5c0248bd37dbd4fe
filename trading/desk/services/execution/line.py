"""The line to a venue: one command or question at a time, and silence when the venue wants it."""

from __future__ import annotations

from typing import Final

from trading.base.domain.errors import (
    OrderStateUnknownError,
    RateLimitedError,
    VenueError,
    VenueUnavailableError,
)
from trading.base.domain.money import ZERO
from trading.base.ports.clock import Clock
from trading.desk.domain.decision.output import CancelOrder, Command, SubmitOrder
from trading.desk.domain.execution.orders import Order
from trading.desk.domain.execution.words import (
    Answer,
    MassStatus,
    NoAnswer,
    OrderStatusReport,
    Word,
)
from trading.desk.ports.venue import Venue

OVERLAP_MS: Final = 300_000  # fills are asked for so far back before they are needed
_FAILED: Final = (OrderStateUnknownError, VenueUnavailableError, RateLimitedError)


class VenueLine:
    """A venue that may not answer; what went wrong is a value here."""

    def __init__(self, venue: Venue, clock: Clock) -> None:
        self._venue = venue
        self._clock = clock
        self._silent_until_ms = 0

    @property
    def window_ms(self) -> int:
        """Return how long a command may be under way."""
        return self._venue.window_ms

    def command(self, command: Command, until_ms: int) -> Answer | NoAnswer:
        """Return the venue's answer; a command that is too late is not sent."""
        order, now = command.order, self._clock.now_ms()
        is_late = self.window_ms > 0 and now > until_ms
        if is_late or now < self._silent_until_ms:
            return NoAnswer(order.client_order_id)
        try:
            if isinstance(command, SubmitOrder):
                return self._venue.submit(order, until_ms=until_ms)
            if isinstance(command, CancelOrder):
                return self._venue.cancel(order, until_ms=until_ms)
            stop, quantity = command.stop_price, command.quantity
            return self._venue.amend(order, stop_price=stop, quantity=quantity, until_ms=until_ms)
        except _FAILED as error:
            self._keep_silent(error)
            return NoAnswer(order.client_order_id)

    def ask(self, order: Order) -> list[Word]:
        """Return how the venue has the order, and its fills where ours are fewer; [] for nothing.

        Fills may come later than the status that counts them.
        """
        if self._clock.now_ms() < self._silent_until_ms:
            return []
        try:
            answer = self._venue.order_by_client_id(order)
            words: list[Word] = [answer]
            counted = answer.filled_quantity if isinstance(answer, OrderStatusReport) else ZERO
            if counted > order.filled_quantity:
                words += self._venue.trades_since(order.bar_time - OVERLAP_MS)
        except _FAILED as error:
            self._keep_silent(error)
            return []
        return [word for word in words if word.client_order_id == order.client_order_id]

    def everything(self) -> MassStatus | None:
        """Return open orders, the newest fills and balances; None when nobody answers."""
        now = self._clock.now_ms()
        if now < self._silent_until_ms:
            return None
        try:
            return self._venue.mass_status(now - OVERLAP_MS)
        except _FAILED as error:
            self._keep_silent(error)
            return None

    def news(self) -> list[Word]:
        """Return what the venue said by itself."""
        return list(self._venue.news())

    def _keep_silent(self, error: VenueError) -> None:
        if isinstance(error, RateLimitedError):
            until = self._clock.now_ms() + int(error.retry_after_s * 1000)
            self._silent_until_ms = max(self._silent_until_ms, until)
