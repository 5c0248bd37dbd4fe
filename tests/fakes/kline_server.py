"""A venue on a local socket that speaks Binance's public REST format."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web

from tests.fakes.clock import FakeClock
from trading.market.domain.bars import BarArrays

STEP_MS = 300_000


class KlineServer:
    """Serves candles up to the clock's now, the forming one included.

    Attributes:
        clock: the venue's.
        faults: answers to give instead of candles, first one first.
        requests: candle requests per symbol.
        edits: cells to answer instead, by symbol and open time: a whole row, or None to leave
            the row out.
        cap: most rows in one answer.
    """

    def __init__(self, clock: FakeClock, series: dict[str, BarArrays]) -> None:
        self.clock = clock
        self._series = series
        self.faults: list[web.Response] = []
        self.requests: Counter[str] = Counter()
        self.edits: dict[tuple[str, int], list[Any] | None] = {}
        self.cap = 1000
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> KlineServer:
        app = web.Application()
        app.router.add_get("/api/v3/exchangeInfo", self._info)
        app.router.add_get("/api/v3/klines", self._klines)
        app.router.add_get("/api/v3/time", self._time)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _info(self, _: web.Request) -> web.Response:
        symbols = [
            {
                "symbol": pair.replace("/", ""),
                "status": "TRADING",
                "baseAsset": pair.split("/")[0],
                "quoteAsset": pair.split("/")[1],
                "isSpotTradingAllowed": True,
                "permissions": ["SPOT"],
                "filters": [],
                "orderTypes": ["LIMIT", "MARKET"],
            }
            for pair in self._series
        ]
        return web.json_response({"timezone": "UTC", "serverTime": 0, "symbols": symbols})

    async def _time(self, _: web.Request) -> web.Response:
        return web.json_response({"serverTime": self.clock.now_ms()})

    async def _klines(self, request: web.Request) -> web.Response:
        symbol = request.query["symbol"]
        self.requests[symbol] += 1
        if self.faults:
            return self.faults.pop(0)
        bars = next(b for pair, b in self._series.items() if pair.replace("/", "") == symbol)
        start = int(request.query.get("startTime", 0))
        end = int(request.query.get("endTime", 1 << 62))
        limit = min(self.cap, int(request.query.get("limit", 500)))
        rows = []
        for i in range(len(bars)):
            t = int(bars.open_time[i])
            if not start <= t <= min(end, self.clock.now_ms()) or len(rows) == limit:
                continue
            cells = [repr(value) for value in bars.values[:, i].tolist()]
            row = self.edits.get((symbol, t), [t, *cells, t + STEP_MS - 1, "0", 1, "0", "0", "0"])
            if row is not None:
                rows.append(row)
        return web.json_response(rows)
