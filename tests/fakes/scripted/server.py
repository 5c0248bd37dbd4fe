"""The scripted venue on a loopback socket: JSON lines in, JSON lines out, faults between.

A request is ``{"n": 7, "op": "submit", "until": ms, ...}``, its answer ``{"re": 7, ...}``. What the
venue says by itself is ``{"news": word}``; the connection of the newest request hears it.
``audit``, ``tick`` and ``calm`` are for tests, and nothing happens to them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fakes.scripted.book import VenueBook
from tests.fakes.scripted.faults import Fault, Script

ROOT = Path(__file__).resolve().parents[3]
_COMMANDS = {"submit", "cancel", "amend"}
_BEFORE = {Fault.LOST_BEFORE, Fault.TROUBLE_BEFORE, Fault.DROP_BEFORE, Fault.SLOW_DOWN}


class ScriptedServer:
    """Runs until it is closed; ``book`` and ``script`` may be used under ``lock`` meanwhile.

    ``is_quick``: where no answer comes the client is told at once that its patience is over, which
    is all a timeout is; so a thousand of them take no time, and a seed is the same every time.
    """

    def __init__(self, book: VenueBook, script: Script, *, is_quick: bool = False) -> None:
        self._is_quick = is_quick
        self.book = book
        self.script = script
        self.lock = threading.RLock()
        self._late: list[tuple[int, Callable[[], None]]] = []
        self._news: list[str] = []
        self._told = 0  # trades
        self._known: dict[str, str] = {}
        self._line: socket.socket | None = None
        self._lines: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self.lock:
            for line in self._lines:
                _break(line)
        for thread in self._threads:
            thread.join(timeout=5)

    def tick(self) -> None:
        """Let the market move and tell the news of it, as the script will have it."""
        with self.lock:
            self.book.tick()
            self.tell()

    def tell(self) -> None:
        """Tell what happened since the last time."""
        with self.lock:
            words = [dict(trade) for trade in self.book.trades[self._told :]]
            self._told = len(self.book.trades)
            for key, order in self.book.orders.items():
                word = order.word()
                if self._known.get(key) != (text := json.dumps(word)):
                    self._known[key] = text
                    words.append(word)
            self._news += [json.dumps({"news": word}) for word in words]
            now, self._news = self.script.told(self._news)
            for text in now:
                self._say(self._line, text)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with self.lock:
                self._lines.append(line)
                thread = threading.Thread(target=self._serve, args=(line,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError), line.makefile("rb") as requests:
            for text in requests:
                with self.lock:
                    self._heard(line, json.loads(text))

    def _heard(self, line: socket.socket, ask: dict[str, Any]) -> None:
        if ask["op"] in {"audit", "tick", "calm"}:
            self._say(line, json.dumps({"re": ask["n"], "result": self._run(ask["op"])}))
            return
        self._line = line
        self._late = [(left - 1, act) for left, act in self._late]
        due = [act for left, act in self._late if left <= 0]
        self._late = [late for late in self._late if late[0] > 0]
        for act in due:
            act()
        fault = self.script.fault()
        if fault is Fault.LATE_BEFORE:
            self._late.append((self.script.delay(), lambda: self._answer(line, ask)))
            self._wear_out(line, ask)
            return
        result = None if fault in _BEFORE else self._executed(ask)
        self._reply(line, ask, result, fault)

    def _reply(self, line: socket.socket, ask: dict[str, Any], result: Any, fault: Fault) -> None:
        text = json.dumps({"re": ask["n"], "result": result})
        if fault in {Fault.NONE, Fault.TWICE}:
            self._say(line, text)
            if fault is Fault.TWICE:
                self._say(line, text)
        elif fault in {Fault.TROUBLE_BEFORE, Fault.TROUBLE_AFTER}:
            self._say(line, json.dumps({"re": ask["n"], "trouble": "internal error"}))
        elif fault is Fault.SLOW_DOWN:
            self._say(line, json.dumps({"re": ask["n"], "slow_down_s": 0.01}))
        elif fault in {Fault.DROP_BEFORE, Fault.DROP_AFTER}:
            _break(line)
        elif fault is Fault.LATE_AFTER:
            self._late.append((self.script.delay(), lambda: self._say(line, text)))
            self._wear_out(line, ask)
        else:
            self._wear_out(line, ask)

    def _wear_out(self, line: socket.socket, ask: dict[str, Any]) -> None:
        if self._is_quick:
            self._say(line, json.dumps({"gave_up": ask["n"]}))

    def _answer(self, line: socket.socket, ask: dict[str, Any]) -> None:
        self._say(line, json.dumps({"re": ask["n"], "result": self._executed(ask)}))

    def _executed(self, ask: dict[str, Any]) -> Any:
        if ask["op"] in _COMMANDS and self.book.now_ms() > ask["until"]:
            return {"kind": "refused", "id": ask["id"], "reason": "it came after its time"}
        act = {
            "submit": self.book.submit, "cancel": self.book.cancel, "amend": self.book.amend,
            "order": self.book.order, "open": self.book.open, "trades": self.book.trades_since,
            "balances": self.book.money, "mass": self.book.mass,
        }[ask["op"]]  # fmt: skip
        return act(ask)

    def _run(self, op: str) -> Any:
        if op == "tick":
            self.tick()
        elif op == "calm":
            self.script.is_calm = True
        return audit(self.book)

    def _say(self, line: socket.socket | None, text: str) -> None:
        if line is not None:
            with contextlib.suppress(OSError):
                line.sendall(text.encode() + b"\n")


def told(port: int, op: str) -> dict[str, Any]:
    """Tell a served venue to ``tick`` or ``calm`` down; return what it has."""
    with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rwb") as lines:
        lines.write(json.dumps({"n": 0, "op": op}).encode() + b"\n")
        lines.flush()
        answer: dict[str, Any] = json.loads(lines.readline())["result"]
        return answer


@contextlib.contextmanager
def served(seed: int, *, trouble: float, liveliness: float, refusals: float) -> Iterator[int]:
    """Serve a venue from a process of its own; give its port."""
    words = [str(word) for word in (seed, trouble, liveliness, refusals)]
    command = [sys.executable, "-m", "tests.fakes.scripted.server", *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.stdin.close()


def audit(book: VenueBook) -> dict[str, Any]:
    """Return everything the venue has, for a test to compare with."""
    return {
        "placed": dict(book.placed),
        "orders": [order.word() for order in book.orders.values()],
        "trades": book.trades,
        "balances": {name: str(total) for name, total in book.balances.items()},
        "short": book.short,
    }


def _break(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def main(seed: int, trouble: float, liveliness: float, refusals: float) -> None:
    """Serve in a process of its own until standard input ends; print the port."""
    book = VenueBook(
        lambda: int(time.time() * 1000), {"USDT": Decimal(10_000)},
        seed=seed, liveliness=liveliness, refusals=refusals,
    )  # fmt: skip
    with ScriptedServer(book, Script(seed, trouble=trouble), is_quick=True) as server:
        print(server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), *(float(text) for text in sys.argv[2:5]))
