"""Ask a venue for candles and for its time through ccxt's REST client."""

from __future__ import annotations

import asyncio
import difflib
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
from ccxt.base.errors import ExchangeError

from trading.base.domain.errors import (
    BadInputError,
    ConfigError,
    OrderRejectedError,
    TradingError,
    UnknownPairError,
    VenueUnavailableError,
)
from trading.base.ports.clock import Clock
from trading.market.adapters.feeds.ccxt_venues import venue_check
from trading.market.adapters.feeds.ccxt_wire import Answer, CcxtWire
from trading.market.domain.series.door import UNKNOWN_TIME, Refusal, RefusedBar, bars_pass
from trading.market.domain.timeframes import timeframe_ms
from trading.market.domain.venue_clock import TimeSource, VenueTime
from trading.market.ports.candles import CandlePage, SourceState

MARKETS_FRESH_S: Final = 10.0  # a list this old may be asked for again when a pair is not in it
DOUBT_FRESH_S: Final = 60.0  # and this old when a pair in it is answered with an error
MARKETS_LEAST: Final = 0.5  # a list with less than this share of the last one is not whole
MARKETS_PAUSE_S: Final = 3.0  # nobody asks for the list again so soon after it failed
TIME_FRESH_S: Final = 60.0
WINDOW_BARS: Final = 100  # what an answer is about where ccxt does not know the venue's window
_MARKETS: Final = (
    *("markets", "markets_by_id", "symbols", "ids"),
    *("currencies", "currencies_by_id", "baseCurrencies", "quoteCurrencies", "codes"),
)


class CcxtCandleSource:
    """Fulfils ``trading.market.ports.candles.FollowedSource`` for any venue ccxt knows."""

    def __init__(self, venue: str, *, clock: Clock, base_url: str = "") -> None:
        """Prepare the client; nothing is sent yet.

        Args:
            venue: ccxt's id, such as ``bybit``.
            clock: for pauses and budgets.
            base_url: scheme and host that replace the venue's own, so that another server, a
                local one for instance, can stand in; empty for the real venue.

        Raises:
            BadInputError: ccxt knows no such venue, or the address is none.
        """
        venue_check(venue)
        self.venue = venue
        self._clock = clock
        self._wire = CcxtWire(venue, base_url=base_url, clock=clock)
        self._client = self._wire.client
        self._markets_turn = asyncio.Lock()
        self._markets_at = -math.inf
        self._markets_failure: tuple[float, TradingError] | None = None
        self._time_turn = asyncio.Lock()
        self._time_at = -math.inf
        self._answers: dict[str, Answer] = {}
        self._doubted: set[str] = set()

    def state(self) -> SourceState:
        """Return how the venue treats us now."""
        budget = self._wire.budget
        told = budget.counters
        return SourceState(
            budget.paused_s,
            budget.per_minute(),
            told["requests"],
            told["refusals"],
            budget.reason,
        )

    def on_wire_s(self, pair: str) -> float:
        """Return for how long the pair's request has been without an answer; 0 when none is."""
        answer = self._answers.get(pair)
        if answer is None or answer.sent_s is None:
            return 0.0
        return self._clock.monotonic() - answer.sent_s

    async def fetch(self, pair: str, timeframe: str, *, since_ms: int, limit: int) -> CandlePage:
        """Return up to ``limit`` bars from ``since_ms`` on; see the port."""
        step_ms = timeframe_ms(timeframe)
        self._check_timeframe(timeframe)
        await self._check_pair(pair)
        answer = self._answers[pair] = Answer()
        limit = min(limit, self._most_bars())
        try:
            rows = await self._wire.ask(
                lambda: self._client.fetch_ohlcv(pair, timeframe, since_ms, limit), answer
            )
        except (BadInputError, OrderRejectedError) as error:
            raise UnknownPairError(str(error)) from error  # it is about what was asked for
        except VenueUnavailableError as error:
            # an answer in words ccxt has no name for, as Kraken's "Unknown asset pair"
            if type(error.__cause__) is ExchangeError:
                self._doubted.add(pair)
            raise
        except ConfigError as error:
            # nothing the desk could have set wrong: these candles are for everybody
            raise VenueUnavailableError(str(error)) from error
        # not the time call: many venues count it apart, and answer it while they refuse candles
        self._wire.budget.answered()
        page = page_from_rows(rows, since_ms=since_ms, limit=limit, step_ms=step_ms)
        if not page.bars and (rows or not answer.is_json):
            # ccxt makes an empty list of text; taking that for silence would make a gap
            if page.refused and all(item.reason is not Refusal.UNREADABLE for item in page.refused):
                return page
            raise VenueUnavailableError(f"{self.venue}: the answer held no candle that can be read")
        return page

    def now(self) -> VenueTime:
        """Return the venue's time as it is reckoned now."""
        return self._wire.time()

    async def time(self) -> VenueTime:
        """Return the venue's time now; see the port."""
        async with self._time_turn:
            now = self._clock.monotonic()
            if now - self._time_at >= TIME_FRESH_S and not self._wire.budget.paused_s:
                self._time_at = now
                await self._ask_time()
        return self.now()

    async def close(self) -> None:
        """Release the sockets."""
        await self._wire.close()

    async def _ask_time(self) -> None:
        answer = Answer()
        try:
            if self._client.has.get("fetchTime"):
                venue_ms = await self._wire.ask(self._client.fetch_time, answer)
                if isinstance(venue_ms, int) and venue_ms > 0:
                    self._wire.note_time(answer, venue_ms)
            elif self._wire.time().source is TimeSource.NONE:
                await self._load_markets()  # the header of any answer tells it
        except TradingError:
            return  # every answer to come has a header, and the next minute has another try

    async def _check_pair(self, pair: str) -> None:
        """Believe that there is no such pair only when a whole list of this minute says so."""
        if pair not in (self._client.markets or {}):
            await self._markets_since(MARKETS_FRESH_S)
        elif pair in self._doubted:
            with suppress(TradingError):  # the candles themselves may be there all the same
                await self._markets_since(DOUBT_FRESH_S)
        if pair not in self._client.markets:
            near = difflib.get_close_matches(pair, list(self._client.markets), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UnknownPairError(f"{self.venue} has no pair {pair}{hint}")

    async def _markets_since(self, fresh_s: float) -> None:
        """Load the list of markets unless it is as young as that."""
        async with self._markets_turn:
            now, failed = self._clock.monotonic(), self._markets_failure
            if failed is not None and now - failed[0] < MARKETS_PAUSE_S:
                raise failed[1]
            if not self._client.markets or now - self._markets_at > fresh_s:
                await self._load_markets()
                self._doubted.clear()  # the list says which of them there are

    async def _load_markets(self) -> None:
        """Load the list of markets; what was loaded stays when the answer is no whole list."""
        kept = {name: getattr(self._client, name) for name in _MARKETS}
        try:
            await self._wire.ask(lambda: self._client.load_markets(True))
            n = len(self._client.markets or ())
            if n <= MARKETS_LEAST * len(kept["markets"] or ()):
                raise VenueUnavailableError(f"{self.venue}: its list of markets held {n}")
        except TradingError as error:
            for name, value in kept.items():
                setattr(self._client, name, value)
            self._markets_failure = (self._clock.monotonic(), error)
            raise
        self._markets_at, self._markets_failure = self._clock.monotonic(), None

    def _check_timeframe(self, timeframe: str) -> None:
        known = self._client.timeframes or {}
        if timeframe not in known:
            raise BadInputError(
                f"{self.venue} has no {timeframe} candles; it has {', '.join(known) or 'none'}"
            )

    def _most_bars(self) -> int:
        spot = (self._client.features or {}).get("spot") or {}
        told = (spot.get("fetchOHLCV") or {}).get("limit")
        return int(told) if told else WINDOW_BARS


def page_from_rows(rows: Any, *, since_ms: int, limit: int, step_ms: int) -> CandlePage:
    """Return what is in ccxt's rows: time in ms, open, high, low, close, volume.

    Rows go through the door; one that cannot be read at all is refused like any other.
    """
    read: list[tuple[int, list[float]]] = []
    unreadable: list[RefusedBar] = []
    for index, row in enumerate(rows or ()):
        try:
            read.append(_row(row))
        except (TypeError, ValueError, OverflowError):
            unreadable.append(RefusedBar(index, _time(row), Refusal.UNREADABLE, repr(row)[:120]))
    read.sort(key=lambda item: item[0])
    times = np.array([time for time, _ in read], dtype=np.int64)
    cells = np.array([values for _, values in read], dtype=np.float64).reshape(len(read), 5).T
    passed = bars_pass(times, np.ascontiguousarray(cells), step_ms)
    found = passed.bars
    # flags need the bars before these; the log sets them
    bars = [found.bar(i)._replace(flags=0) for i in range(len(found))]
    end = bars[-1].open_time + step_ms if bars else since_ms + limit * step_ms
    return CandlePage(bars, max(end, since_ms + step_ms), (*unreadable, *passed.refused))


def _row(row: Sequence[Any]) -> tuple[int, list[float]]:
    opened, *numbers = row
    if len(numbers) < 5:
        raise ValueError("a field is missing")
    cells = [math.nan if number is None else float(number) for number in numbers[:5]]
    return int(opened), cells


def _time(row: Any) -> int:
    try:
        return int(row[0])
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return UNKNOWN_TIME
