"""The way to a venue that holds our orders: three commands, five questions, and its own news.

Every order has a client order id that was made and stored before anything was sent. What an
adapter promises, and the contract suite (``trading.desk.testing.venue_contract``) holds it to:

**Units.** Quantities in base, prices and fees in quote (other fee currencies are converted by the
adapter), Decimal; times in ms UTC. ``event_time`` is the venue's clock, ``asked_ms`` the host's.

**Time.** Every call returns or raises within the adapter's own time limit. A command carries
``until_ms``, the host's time after which the venue must not execute it any more (Binance's
``recvWindow``, a deadline of a transaction). The adapter translates it to the venue's clock and
subtracts what it does not know about that clock. So a question asked after ``until_ms`` is asked
after the command was executed or never will be.

**Idempotence.** Sending a command again while its order works changes nothing more: an order is
placed once, a cancel ends it once, an amendment states absolute values. Once an order is over a
venue may place a second one under the same id, so nobody sends a ``submit`` twice without proof.

**No retries.** The adapter never repeats a command by itself. Questions it may repeat.

**Answers.** The value returned answers this call and no other: an answer that comes after its call
gave up is dropped or, where it says something about an order, handed over by ``news`` as a word
nobody asked for. Answers are values, never changed in place.

**Order.** Words of ``news`` may be late, doubled and out of order. Lists are sorted: orders by
client order id, fills by ``event_time`` and ``trade_id``.

What goes wrong is sorted by what the caller must do:

    OrderStateUnknownError   a command may or may not have been executed: ask, never send again
    VenueUnavailableError    a question got no answer, or a command surely never left: ask later
    RateLimitedError         nothing was executed; be silent for ``retry_after_s``
    Refused (value)          the command was not executed and never will be; say why
    REJECTED (value)         the venue will not have that order; final
    NotFound (value)         the venue never had it: a proof when asked after ``until_ms``
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from trading.desk.domain.execution.orders import Order
from trading.desk.domain.execution.words import (
    Answer,
    BalanceReport,
    FillReport,
    MassStatus,
    NotFound,
    OrderStatusReport,
    Word,
)


class Venue(Protocol):
    """One account at one venue.

    Attributes:
        window_ms: how long a command may be under way; ``until_ms`` is the time of the commit that
            stored its intent plus this. 0 where commands are executed within the call.
    """

    window_ms: int

    def submit(self, order: Order, *, until_ms: int) -> Answer:
        """Place the order under its client order id; return how the venue has it now.

        An ``expires_bar_time`` is passed on where the venue ends orders by itself; the desk takes
        back what stands longer.

        Raises:
            OrderStateUnknownError: it may be there.
            VenueUnavailableError: it never left.
            RateLimitedError: it was not looked at.
        """
        ...

    def cancel(self, order: Order, *, until_ms: int) -> Answer:
        """Take the order back; of one that is over, return how it ended.

        ``NotFound`` where the venue never had it. Raises like ``submit``.
        """
        ...

    def amend(
        self, order: Order, *, stop_price: Decimal, quantity: Decimal, until_ms: int
    ) -> Answer:
        """Move the stop price and the total quantity (what is filled included).

        Of an order that is over, return how it ended. Raises like ``submit``.
        """
        ...

    def order_by_client_id(self, order: Order) -> OrderStatusReport | NotFound:
        """Return how the venue has the order now, or that it never had it.

        Looks among open orders and through the history back to ``order.bar_time``.

        Raises:
            VenueUnavailableError, RateLimitedError: nobody knows.
        """
        ...

    def open_orders(self) -> Sequence[OrderStatusReport]:
        """Return every order of the account that can still trade, also those not ours.

        Raises:
            VenueUnavailableError, RateLimitedError: nobody knows.
        """
        ...

    def trades_since(self, since_ms: int) -> Sequence[FillReport]:
        """Return every fill of the account at or after ``since_ms`` (the venue's clock), all pages.

        A fill may appear here later than in its order's ``filled_quantity``.

        Raises:
            VenueUnavailableError, RateLimitedError: nobody knows.
        """
        ...

    def balances(self) -> Sequence[BalanceReport]:
        """Return what the account holds, by currency, sorted by name.

        Raises:
            VenueUnavailableError, RateLimitedError: nobody knows.
        """
        ...

    def mass_status(self, since_ms: int) -> MassStatus:
        """Return open orders, fills since ``since_ms`` and balances as of one moment, or nearly.

        That an order is missing here proves nothing.

        Raises:
            VenueUnavailableError, RateLimitedError: nobody knows.
        """
        ...

    def news(self) -> Sequence[Word]:
        """Return and forget what the venue said by itself since the last call; never waits."""
        ...

    def close(self) -> None:
        """Release the connection; orders stay where they are."""
        ...
