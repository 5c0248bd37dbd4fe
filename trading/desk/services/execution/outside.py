"""Talk with a venue outside this process: send what is committed, book what is heard, ask.

    the session's loop                                  what it calls
    a session was opened and its log replayed           recover()
    before each bar                                     listen()
    after the commit of a step                          send(commands, committed_ms)
    while is_asking(); and every RECONCILE_S            ask(); reconcile()

Three rules keep one order per intent. Nothing is sent before its intent is committed. A command
carries the time after which the venue must not execute it, counted from that commit, so that what
a stopped or superseded process had under way has ended before its successor asks. A command without
an answer is never repeated: the order is asked about once nothing can be under way, and only
``asking.settle_order`` says that it may be sent.

What a venue says reaches the core as facts (``Books.hear``), so a replay needs no venue.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from trading.base.ports.clock import Clock
from trading.desk.domain.decision.output import CancelOrder, Command, SubmitOrder
from trading.desk.domain.execution.asking import (
    Need,
    Settled,
    is_overdue,
    is_unsettled,
    settle_order,
)
from trading.desk.domain.execution.orders import ExecutionReport, Order, OrderStatus
from trading.desk.domain.execution.words import UNASKED, NoAnswer, NotFound, OrderStatusReport, Word
from trading.desk.ports.venue import Venue
from trading.desk.services.execution.books import Books
from trading.desk.services.execution.closing import ClosingQueue, cut_to_held
from trading.desk.services.execution.line import VenueLine

RECONCILE_S: Final = 30.0

Hook = Callable[[str], None]


def no_hook(point: str) -> None:
    """Do nothing; tests stop the process here."""


class VenueTalk:
    """One session's side of the conversation with its venue.

    Attributes:
        disputes: by client order id, what books and venue could not both be right about, for a
            person; whoever tells one takes the entries out.
        strangers: ids of open orders at the venue that are not in the books; left alone.
    """

    def __init__(
        self,
        *,
        venue: Venue,
        books: Books,
        clock: Clock,
        entry_life_ms: int,
        hook: Hook = no_hook,
    ) -> None:
        """Begin; ``entry_life_ms``: an entry that never arrived is given up when it is older."""
        self._line = VenueLine(venue, clock)
        self._books = books
        self._clock = clock
        self._entry_life_ms = entry_life_ms
        self._hook = hook
        self._queue: deque[tuple[Command, int]] = deque()  # and until when each may be executed
        self._closing = ClosingQueue()
        self.disputes: dict[str, str] = {}
        self.strangers: set[str] = set()
        # from when no command about the order can be under way; another process may have sent it
        clear = clock.now_ms() + venue.window_ms + 1
        self._clear: dict[str, int] = {o.client_order_id: clear for o in books.orders()}
        self._needs: dict[str, Need] = {
            o.client_order_id: Need.ANSWER for o in books.orders() if not o.status.is_final
        }

    def is_asking(self) -> bool:
        """Return True while something is not known; the session takes no entry meanwhile."""
        return bool(self._needs)

    def recover(self) -> None:
        """Say of orders without an answer that nobody knows, then ask; nothing is sent blindly.

        Commands of the process before may be under way for ``window_ms``; ``ask`` goes on until
        ``is_asking`` says no.
        """
        for order in self._books.orders():
            if is_unsettled(order):
                self._book(order.client_order_id, [NoAnswer(order.client_order_id)])
        self.reconcile()

    def send(self, commands: Iterable[Command], *, committed_ms: int) -> None:
        """Hand committed commands to the venue and book its answers, with all that follows.

        ``committed_ms``: the host's time before the commit that stored them began.
        """
        until = committed_ms + self._line.window_ms
        self._queue.extend((command, until) for command in commands)
        self._work()

    def listen(self) -> None:
        """Book what the venue said by itself."""
        self._hear(self._line.news())

    def ask(self) -> None:
        """Ask about every order that is not settled and has nothing under way."""
        now, orders = self._clock.now_ms(), self._books.orders()
        known = {order.client_order_id for order in orders}
        self._needs = {key: need for key, need in self._needs.items() if key in known}
        for order in orders:
            key = order.client_order_id
            is_due = key in self._needs or is_overdue(order, now)
            if is_due and self._clear.get(key, 0) <= now:
                words = self._line.ask(order)
                self._hook("asked")
                self._book(key, words)
                self._work()

    def reconcile(self) -> None:
        """Hold the books against everything the venue has, then ask about what does not agree.

        News may stop without a sign; this finds what they should have said.
        """
        mass = self._line.everything()
        if mass is None:
            return
        self._hook("asked")
        there = {status.client_order_id for status in mass.orders}
        for order in self._books.orders():
            key = order.client_order_id
            if not order.status.is_final and key not in there and key not in self._closing:
                self._needs.setdefault(key, Need.ANSWER)
        self._hear([*mass.orders, *mass.fills])
        self.ask()

    def _hear(self, words: Sequence[Word]) -> None:
        by_order: dict[str, list[Word]] = defaultdict(list)
        for word in words:
            by_order[word.client_order_id].append(word)
        for key, said in by_order.items():
            self._book(key, said)
            self._work()

    def _work(self) -> None:
        """Send what waits to be sent, book the answers, and go on with what follows from them."""
        while True:
            while self._queue:
                command, until = self._queue.popleft()
                said = self._said(command, until)
                self._book(command.order.client_order_id, said, is_result=True)
            freed = self._closing.free(self._books.orders())
            if freed is None:
                return
            self._queue.append((SubmitOrder(freed), self._held_until()))

    def _held_until(self) -> int:
        """Return until when a command decided now may be executed, the session being ours."""
        now = self._clock.now_ms()
        self._books.hold()
        return now + self._line.window_ms

    def _said(self, command: Command, until: int) -> list[Word]:
        """Return the venue's word on a command; nothing when it is not sent now."""
        key = command.order.client_order_id
        if isinstance(command, SubmitOrder):
            order = self._ready(command.order)
            return [] if order is None else self._sent(SubmitOrder(order), until)
        if key in self._closing:  # it waits here, so the venue never had it
            if isinstance(command, CancelOrder):
                self._closing.drop(key)
                return [NotFound(key, self._clock.now_ms())]
            return []
        if key in self._clear:  # one command at a time: the answer to the first decides
            self._needs[key] = Need.ANSWER
            return []
        return self._sent(command, until)

    def _ready(self, ordered: Order) -> Order | None:
        """Return the order as it can be sent now; None when it waits or is wanted no more."""
        key = ordered.client_order_id
        order = self._order(key)
        if order is None or order.status.is_final:
            return None
        if order.status is OrderStatus.CANCELLING:
            self._book(key, [NotFound(key, self._clock.now_ms())])
            return None
        if not is_unsettled(order) or key in self._clear:
            return None
        if self._closing.must_wait(order, self._books.orders()):
            return None
        cut = cut_to_held(order, self._books.held(order), self._clock.now_ms())
        if cut is not None:
            self._report([cut])
            order = self._order(key)
        return None if order is None or order.status.is_final else order

    def _sent(self, command: Command, until: int) -> list[Word]:
        key = command.order.client_order_id
        self._clear[key] = until + 1
        self._hook("sending")
        answer = self._line.command(command, until)
        if isinstance(answer, NoAnswer):
            self._hook("unanswered")
        else:
            self._hook("answered")
            del self._clear[key]
        return [answer]

    def _book(self, key: str, words: Sequence[Word], *, is_result: bool = False) -> None:
        """Make the words about one order count, and queue the commands that follow.

        What is still open right after it was cancelled (``is_result``) is asked about later: the
        venue may take its time.
        """
        order = self._order(key)
        if order is None:
            statuses = [word for word in words if isinstance(word, OrderStatusReport)]
            if any(not status.state.is_over for status in statuses):
                self.strangers.add(key)
            return  # of one that is over long ago everything was told
        if not words:
            return
        settles = self._clear.get(key, 0)
        settled = settle_order(
            order,
            words,
            settles_ms=settles,
            now_ms=self._clock.now_ms(),
            entry_life_ms=self._entry_life_ms,
        )
        if settled.reports:
            self._report(settled.reports)
        self._note(key, settled, words, settles)
        if settled.may_send:
            self._queue.append((SubmitOrder(settled.order), self._held_until()))
        if settled.must_cancel and is_result:
            self._needs[key] = Need.ANSWER
        elif settled.must_cancel:
            self._queue.append((CancelOrder(settled.order), self._held_until()))

    def _note(self, key: str, settled: Settled, words: Sequence[Word], settles: int) -> None:
        """Remember what is still not known about the order."""
        answered = any(
            isinstance(word, OrderStatusReport | NotFound)
            and word.asked_ms != UNASKED
            and word.asked_ms >= settles
            for word in words
        )
        if answered:
            self._clear.pop(key, None)
        if settled.dispute:
            self.disputes[key] = settled.dispute
        need = settled.need
        if need is Need.NOTHING and key in self._clear and not settled.order.status.is_final:
            need = Need.ANSWER  # a command about it is under way
        if need is Need.NOTHING:
            self._needs.pop(key, None)
        else:
            self._needs[key] = need

    def _report(self, reports: Sequence[ExecutionReport]) -> None:
        until = self._clock.now_ms() + self._line.window_ms
        commands = self._books.hear(reports)
        self._queue.extend((command, until) for command in commands)
        self._hook("booked")

    def _order(self, key: str) -> Order | None:
        return next((o for o in self._books.orders() if o.client_order_id == key), None)
