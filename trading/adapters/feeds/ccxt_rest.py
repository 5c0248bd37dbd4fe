"""Ask a venue for candles through ccxt's REST client; the only module that imports ccxt.

Its errors are translated one by one: a new class in a newer ccxt fails a test instead of slipping
through as something else. Rows with holes or impossible values are left out and counted.
"""

from __future__ import annotations

import asyncio
import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import ccxt.async_support as ccxt_async
from ccxt.base import errors

from trading.domain.errors import (
    BadInputError,
    ConfigError,
    CorruptMarketDataError,
    OrderRejectedError,
    OrderStateUnknownError,
    RateLimitedError,
    TradingError,
    VenueError,
    VenueUnavailableError,
)
from trading.domain.market.bars import Bar, check_bar
from trading.domain.market.timeframes import timeframe_ms

REQUEST_TIMEOUT_MS: Final = 10_000
RATE_LIMIT_PAUSE_S: Final = 10.0  # venues that say how long are rare; ccxt does not pass it on

_OUR_ERROR: Final[Mapping[type[Exception], type[TradingError]]] = {
    errors.BaseError: VenueError,
    errors.ExchangeError: VenueUnavailableError,
    errors.AuthenticationError: ConfigError,
    errors.PermissionDenied: ConfigError,
    errors.AccountNotEnabled: ConfigError,
    errors.AccountSuspended: ConfigError,
    errors.ArgumentsRequired: BadInputError,
    errors.BadRequest: BadInputError,
    errors.BadSymbol: BadInputError,
    errors.OperationRejected: OrderRejectedError,
    errors.NoChange: OrderRejectedError,
    errors.MarginModeAlreadySet: OrderRejectedError,
    errors.MarketClosed: VenueUnavailableError,
    errors.ManualInteractionNeeded: ConfigError,
    errors.RestrictedLocation: ConfigError,
    errors.InsufficientFunds: OrderRejectedError,
    errors.InvalidAddress: BadInputError,
    errors.AddressPending: VenueUnavailableError,
    errors.InvalidOrder: OrderRejectedError,
    errors.OrderNotFound: OrderRejectedError,
    errors.OrderNotCached: OrderRejectedError,
    errors.OrderImmediatelyFillable: OrderRejectedError,
    errors.OrderNotFillable: OrderRejectedError,
    errors.DuplicateOrderId: OrderRejectedError,
    errors.ContractUnavailable: OrderRejectedError,
    errors.NotSupported: BadInputError,
    errors.InvalidProxySettings: ConfigError,
    errors.ExchangeClosedByUser: VenueUnavailableError,
    errors.OperationFailed: VenueUnavailableError,
    errors.NetworkError: VenueUnavailableError,
    errors.DDoSProtection: RateLimitedError,
    errors.RateLimitExceeded: RateLimitedError,
    errors.ExchangeNotAvailable: VenueUnavailableError,
    errors.OnMaintenance: VenueUnavailableError,
    errors.InvalidNonce: VenueUnavailableError,
    errors.ChecksumError: VenueUnavailableError,
    errors.RequestTimeout: VenueUnavailableError,
    errors.BadResponse: VenueUnavailableError,
    errors.NullResponse: VenueUnavailableError,
    errors.CancelPending: OrderStateUnknownError,
    errors.UnsubscribeError: VenueUnavailableError,
}


def our_error(error: errors.BaseError, *, venue: str) -> TradingError:
    """Return the error of ours that tells the caller how to react to ccxt's."""
    kind = _OUR_ERROR[next(known for known in type(error).__mro__ if known in _OUR_ERROR)]
    message = f"{venue}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    if issubclass(kind, RateLimitedError):
        return RateLimitedError(message, retry_after_s=RATE_LIMIT_PAUSE_S)
    return kind(message)


class CcxtCandleSource:
    """Fulfils ``trading.ports.candles.CandleSource`` for any venue ccxt knows.

    Attributes:
        counters: ``corrupt``, rows left out because they cannot have happened.
    """

    def __init__(self, venue: str, *, base_url: str = "") -> None:
        """Prepare the client; nothing is sent yet.

        Args:
            venue: ccxt's id, such as ``bybit``.
            base_url: scheme and host that replace the venue's own, so that another server, a
                local one for instance, can stand in; empty for the real venue.

        Raises:
            BadInputError: ccxt knows no such venue.
        """
        if venue not in ccxt_async.exchanges:
            near = difflib.get_close_matches(venue, ccxt_async.exchanges, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise BadInputError(f"venue was {venue!r}, which ccxt does not know{hint}")
        self.venue = venue
        self.counters: Counter[str] = Counter()
        self._turn = asyncio.Lock()
        self._client: Any = getattr(ccxt_async, venue)(
            {
                "enableRateLimit": True,
                "timeout": REQUEST_TIMEOUT_MS,
                "enableLastJsonResponse": True,
                **_spot_only(venue),
            }
        )
        if base_url:
            self._client.urls["api"] = _moved(self._client.urls["api"], base_url)

    async def fetch(self, pair: str, timeframe: str, *, since_ms: int, limit: int) -> Sequence[Bar]:
        """Return up to ``limit`` bars from ``since_ms`` on; see the port."""
        timeframe_ms(timeframe)
        # one request at a time: the client keeps the last answer, which is read below
        async with self._turn:
            return await self._fetch(pair, timeframe, since_ms, limit)

    async def _fetch(self, pair: str, timeframe: str, since_ms: int, limit: int) -> Sequence[Bar]:
        try:
            await self._client.load_markets()
            self._check(pair, timeframe)
            rows = await self._client.fetch_ohlcv(pair, timeframe, since_ms, limit)
        except errors.BaseError as error:
            raise our_error(error, venue=self.venue) from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # ccxt reads answers without checking their shape
            raise VenueUnavailableError(
                f"{self.venue}: the answer was no candle list: {type(error).__name__}: {error}"
            ) from error
        bars = {}
        for row in rows:
            try:
                bar = bar_from_row(row)
            except CorruptMarketDataError:
                self.counters["corrupt"] += 1
                continue
            bars[bar.open_time] = bar
        if not bars and (rows or self._client.last_json_response is None):
            # ccxt makes an empty list of text; taking that for silence would make a gap
            raise VenueUnavailableError(f"{self.venue}: the answer held no candle that can be read")
        return [bars[open_time] for open_time in sorted(bars)]

    async def close(self) -> None:
        """Release the sockets."""
        await self._client.close()

    def _check(self, pair: str, timeframe: str) -> None:
        if pair not in self._client.markets:
            near = difflib.get_close_matches(pair, list(self._client.markets), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise BadInputError(f"{self.venue} has no pair {pair}{hint}")
        known = self._client.timeframes or {}
        if timeframe not in known:
            raise BadInputError(
                f"{self.venue} has no {timeframe} candles; it has {', '.join(known) or 'none'}"
            )


def bar_from_row(row: Any) -> Bar:
    """Return the bar in one row of ccxt's: time in ms, open, high, low, close, volume.

    Raises:
        CorruptMarketDataError: a field is missing, no number, or impossible.
    """
    try:
        opened, *numbers = row
        o, h, low, c, v = (float(number) for number in numbers[:5])
        bar = Bar(int(opened), o, h, low, c, v)
    except (TypeError, ValueError) as error:
        raise CorruptMarketDataError(f"candle row was {str(row)[:120]}") from error
    check_bar(bar)
    return bar


def _spot_only(venue: str) -> dict[str, Any]:
    # without this, binance asks three hosts for markets the desk does not trade
    return {"options": {"fetchMarkets": {"types": ["spot"]}}} if venue == "binance" else {}


def _moved(urls: Any, base_url: str) -> Any:
    if isinstance(urls, dict):
        return {name: _moved(url, base_url) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    there = urlsplit(base_url)
    if not there.scheme or not there.netloc:
        raise BadInputError(f"base_url was {base_url!r}; expected such as http://127.0.0.1:8080")
    here = urlsplit(urls)
    return urlunsplit((there.scheme, there.netloc, here.path, here.query, ""))
