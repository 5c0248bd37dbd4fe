"""A venue on a local socket with Binance's public REST format and every fault a test asks for.

It lives by a clock of its own, ``ahead_ms`` before the one it is given. A fault is a function that
gets the request and returns an answer, or None to let the venue answer as it should.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from trading.base.ports.clock import Clock

Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
PRICE = 100.0


class VenueServer:
    """Serves candles that are a function of pair and time.

    Attributes:
        pairs: those it lists now.
        faults: tried in turn on every request; the first that answers counts.
        edits: whole rows to answer instead, by symbol and open time; None leaves the row out.
        requests: monotonic seconds and path with query, of every request.
        has_time: whether there is a time call.
        date_ahead_ms: by how much the Date header of its proxy is ahead of the venue's clock.
    """

    def __init__(self, clock: Clock, pairs: list[str], *, step_ms: int, ahead_ms: int = 0) -> None:
        self._clock = clock
        self.pairs = list(pairs)
        self.step_ms = step_ms
        self.ahead_ms = ahead_ms
        self.faults: list[Fault] = []
        self.edits: dict[tuple[str, int], list[Any] | None] = {}
        self.requests: deque[tuple[float, str]] = deque()
        self.has_time = True
        self.date_ahead_ms = 0
        self.url = ""
        self._runner: web.AppRunner | None = None

    def now_ms(self) -> int:
        """Return the venue's time."""
        return self._clock.now_ms() + self.ahead_ms

    def counts(self) -> Counter[str]:
        """Return the number of requests by path."""
        return Counter(path.partition("?")[0].rpartition("/")[2] for _, path in self.requests)

    def truth(self, pair: str, open_time: int) -> list[float]:
        """Return open, high, low, close and volume of a closed bar."""
        i = open_time // self.step_ms
        base = PRICE + sum(map(ord, pair)) % 50
        opened, closed = base + i % 7, base + (i + 1) % 7
        return [opened, max(opened, closed) + 1, min(opened, closed) - 1, closed, 100.0 + i % 13]

    async def __aenter__(self) -> VenueServer:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        app.on_response_prepare.append(self._date)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _date(self, _: web.Request, answer: web.StreamResponse) -> None:
        # the server's own Date would be of this machine
        answer.headers["Date"] = formatdate(
            (self.now_ms() + self.date_ahead_ms) / 1000, usegmt=True
        )

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((self._clock.monotonic(), request.path_qs))
        for fault in list(self.faults):
            answer = await fault(request)
            if answer is not None:
                return answer
        if request.path.endswith("/time"):
            if not self.has_time:
                return web.json_response({"msg": "no such path"}, status=404)
            return web.json_response({"serverTime": self.now_ms()})
        if request.path.endswith("/exchangeInfo"):
            return web.json_response(market_list(self.pairs))
        return self._klines(request)

    def _klines(self, request: web.Request) -> web.Response:
        query = request.query
        pair = next((p for p in self.pairs if p.replace("/", "") == query["symbol"]), None)
        if pair is None:
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        start, limit = int(query.get("startTime", 0)), int(query.get("limit", 500))
        rows, t = [], -(-start // self.step_ms) * self.step_ms
        while t <= self.now_ms() and len(rows) < limit:
            row = self.edits.get((query["symbol"], t), self.row(pair, t))
            if row is not None:
                rows.append(row)
            t += self.step_ms
        return web.json_response(rows)

    def row(self, pair: str, open_time: int) -> list[Any]:
        """Return the row of a bar as the venue knows it now: less volume while it is forming."""
        o, h, low, c, v = self.truth(pair, open_time)
        share = min(1.0, (self.now_ms() - open_time) / self.step_ms)
        cells = [repr(cell) for cell in (o, h, low, c, v * share)]
        return [open_time, *cells, open_time + self.step_ms - 1, "0", 1, "0", "0", "0"]


def market_list(pairs: list[str]) -> dict[str, Any]:
    """Return Binance's list of markets."""
    return {
        "timezone": "UTC",
        "serverTime": 0,
        "symbols": [
            {
                "symbol": pair.replace("/", ""), "status": "TRADING",
                "baseAsset": pair.split("/")[0], "quoteAsset": pair.split("/")[1],
                "isSpotTradingAllowed": True, "permissions": ["SPOT"], "filters": [],
                "orderTypes": ["LIMIT", "MARKET"],
            }
            for pair in pairs
        ],
    }  # fmt: skip


def about(fault: Fault, *, path: str = "/klines", symbol: str = "", times: int = 1 << 30) -> Fault:
    """Return the fault for requests of that path and symbol, so many times."""
    left = [times]

    async def only(request: web.Request) -> web.StreamResponse | None:
        asked = request.query.get("symbol", "")
        if path not in request.path or (symbol and asked != symbol) or left[0] <= 0:
            return None
        left[0] -= 1
        return await fault(request)

    return only


def says(body: Any, *, status: int = 200, **headers: str) -> Fault:
    """Return the fault of an answer with that body: text as it is, else JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, headers=named)

    return fault


def hangs(seconds: float = 3600.0) -> Fault:
    """Return the fault of no answer."""

    async def fault(request: web.Request) -> web.StreamResponse | None:
        await asyncio.sleep(seconds)
        return None

    return fault
