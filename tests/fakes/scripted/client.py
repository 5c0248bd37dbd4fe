"""The adapter of the scripted venue: one connection, one request at a time, no retries.

An answer that comes after its call gave up says something about an order or nothing: a status
becomes news nobody asked for, everything else is dropped.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from trading.base.domain.errors import (
    OrderStateUnknownError,
    RateLimitedError,
    VenueUnavailableError,
)
from trading.base.domain.side import Side
from trading.base.ports.clock import Clock
from trading.desk.domain.execution.orders import Order
from trading.desk.domain.execution.words import (
    UNASKED,
    Answer,
    BalanceReport,
    FillReport,
    MassStatus,
    NotFound,
    OrderStatusReport,
    Refused,
    VenueState,
    Word,
)


class ScriptedVenue:
    """Fulfils ``Venue`` over TCP."""

    def __init__(
        self, port: int, clock: Clock, *, timeout_s: float = 0.5, window_ms: int = 200
    ) -> None:
        self.window_ms = window_ms
        self._port = port
        self._clock = clock
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._rest = b""
        self._n = 0
        self._news: list[Word] = []

    def submit(self, order: Order, *, until_ms: int) -> Answer:
        return self._command(
            "submit", order, until_ms,
            pair=order.pair, side=order.side.value, type=order.type.value,
            quantity=str(order.quantity),
            limit=None if order.limit_price is None else str(order.limit_price),
            stop=None if order.stop_price is None else str(order.stop_price),
        )  # fmt: skip

    def cancel(self, order: Order, *, until_ms: int) -> Answer:
        return self._command("cancel", order, until_ms)

    def amend(
        self, order: Order, *, stop_price: Decimal, quantity: Decimal, until_ms: int
    ) -> Answer:
        return self._command(
            "amend", order, until_ms, stop_price=str(stop_price), quantity=str(quantity)
        )

    def order_by_client_id(self, order: Order) -> OrderStatusReport | NotFound:
        asked, result = self._question("order", id=order.client_order_id)
        answer = answer_of(result, asked)
        assert not isinstance(answer, Refused)
        return answer

    def open_orders(self) -> Sequence[OrderStatusReport]:
        asked, result = self._question("open")
        return [status_of(word, asked) for word in result]

    def trades_since(self, since_ms: int) -> Sequence[FillReport]:
        return [fill_of(word) for word in self._question("trades", since=since_ms)[1]]

    def balances(self) -> Sequence[BalanceReport]:
        return [balance_of(word) for word in self._question("balances")[1]]

    def mass_status(self, since_ms: int) -> MassStatus:
        asked, result = self._question("mass", since=since_ms)
        return MassStatus(
            tuple(status_of(word, asked) for word in result["orders"]),
            tuple(fill_of(word) for word in result["fills"]),
            tuple(balance_of(word) for word in result["balances"]),
            asked,
        )

    def news(self) -> Sequence[Word]:
        try:
            while self._socket and select.select([self._socket], [], [], 0)[0]:
                self._read(self._socket)
            for line in self._lines():
                self._take(line)
        except OSError:
            self.close()
        news, self._news = self._news, []
        return news

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._rest = None, b""

    def _command(self, op: str, order: Order, until_ms: int, **fields: Any) -> Answer:
        key = order.client_order_id
        asked, found = self._exchange(op, {"id": key, "until": until_ms, **fields})
        if found is None:
            raise OrderStateUnknownError(f"no answer to {op} of {key}")
        return answer_of(found, asked)

    def _question(self, op: str, **fields: Any) -> tuple[int, Any]:
        asked, found = self._exchange(op, fields)
        if found is None:
            raise VenueUnavailableError(f"no answer to {op}")
        return asked, found

    def _exchange(self, op: str, fields: dict[str, Any]) -> tuple[int, Any]:
        """Return when the request left and its result; None where nobody knows."""
        line = self._connected()
        self._n += 1
        asked = self._clock.now_ms()
        until = time.monotonic() + self._timeout_s
        try:
            line.sendall(json.dumps({"n": self._n, "op": op, **fields}).encode() + b"\n")
            while True:
                answers = [self._take(text) for text in self._lines()]
                found = next((answer for answer in answers if answer is not None), None)
                if found is not None:
                    return asked, _result(found)
                left = until - time.monotonic()
                if left <= 0 or not select.select([line], [], [], left)[0]:
                    return asked, None
                self._read(line)
        except OSError:
            self.close()
            return asked, None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            try:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=2)
            except OSError as error:
                raise VenueUnavailableError("the venue cannot be reached") from error
        return self._socket

    def _read(self, line: socket.socket) -> None:
        heard = line.recv(65536)
        if not heard:
            raise ConnectionResetError
        self._rest += heard

    def _lines(self) -> list[bytes]:
        *lines, self._rest = self._rest.split(b"\n")
        return lines

    def _take(self, text: bytes) -> dict[str, Any] | None:
        """Return the answer to the newest request; keep news, and what of old answers is news."""
        heard: dict[str, Any] = json.loads(text)
        if self._n in {heard.get("re"), heard.get("gave_up")}:
            self._n += 1  # what else comes to it is nobody's
            return heard
        word = heard.get("news", heard.get("result"))
        if isinstance(word, dict) and word.get("kind") == "order":
            self._news.append(status_of(word, UNASKED))
        elif isinstance(word, dict) and word.get("kind") == "fill":
            self._news.append(fill_of(word))
        return None


def _result(answer: dict[str, Any]) -> Any:
    if "slow_down_s" in answer:
        raise RateLimitedError("the venue wants silence", answer["slow_down_s"])
    return answer.get("result")  # trouble: nobody knows


def answer_of(word: dict[str, Any], asked: int) -> Answer:
    if word["kind"] == "none":
        return NotFound(word["id"], asked)
    if word["kind"] == "refused":
        return Refused(word["id"], word["reason"])
    return status_of(word, asked)


def status_of(word: dict[str, Any], asked: int) -> OrderStatusReport:
    return OrderStatusReport(
        client_order_id=word["id"],
        state=VenueState(word["state"]),
        quantity=Decimal(word["quantity"]),
        filled_quantity=Decimal(word["filled"]),
        stop_price=None if word["stop"] is None else Decimal(word["stop"]),
        is_triggered=word["triggered"],
        event_time=word["time"],
        reason=word["reason"],
        asked_ms=asked,
    )


def fill_of(word: dict[str, Any]) -> FillReport:
    return FillReport(
        client_order_id=word["id"],
        trade_id=word["trade"],
        pair=word["pair"],
        side=Side(word["side"]),
        quantity=Decimal(word["quantity"]),
        price=Decimal(word["price"]),
        fee=Decimal(word["fee"]),
        is_maker=word["maker"],
        event_time=word["time"],
    )


def balance_of(word: dict[str, Any]) -> BalanceReport:
    return BalanceReport(word["currency"], Decimal(word["total"]), Decimal(word["locked"]))
