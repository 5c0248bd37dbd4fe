"""One venue's line: every request ccxt makes leaves and comes back through here.

ccxt hides what the desk must know of an answer: when it came, what its headers said, whether it
was a refusal. Its own throttle lives by the wall clock and stalls when that is set back. So the
three methods it offers for the purpose (``throttle``, ``fetch``, ``on_rest_response``) are ours
on the one instance, and its notion of now is the venue's.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import ccxt.async_support as ccxt_async
from ccxt.base import errors

from trading.base.domain.addresses import is_this_machine
from trading.base.domain.errors import BadInputError, TradingError, VenueUnavailableError
from trading.base.ports.clock import Clock
from trading.market.adapters.feeds.budget import PAUSE_TOLD_MAX_S, RequestBudget
from trading.market.adapters.feeds.ccxt_errors import is_refusal, our_error
from trading.market.domain.venue_clock import TimeSource, VenueClock, VenueTime

REQUEST_TIMEOUT_MS: Final = 10_000
_REFUSALS: Final = frozenset({403, 418, 429})  # too much, or banned for it
_BANNED_UNTIL: Final = re.compile(r"ban\w*\s+until\D{0,3}(\d{13})", re.IGNORECASE)
_SECOND_MS: Final = 1000.0
T = TypeVar("T")


@dataclass(slots=True)
class Answer:
    """What came back last within one call of ccxt's.

    Attributes:
        sent_s: monotonic seconds when the request on the wire left; None when none is.
        received_s: when the answer was here.
        began_s: when it left, kept after the answer came.
        is_json: whether ccxt could read it.
    """

    sent_s: float | None = None
    began_s: float = 0.0
    received_s: float = 0.0
    is_json: bool = False


_answer: ContextVar[Answer | None] = ContextVar("_answer", default=None)


class CcxtWire:
    """ccxt's client of one venue, with its budget and its clock.

    Attributes:
        client: use it within ``ask`` only.
        budget: of the venue's requests.
    """

    def __init__(self, venue: str, *, base_url: str, clock: Clock) -> None:
        """Prepare the client; nothing is sent yet.

        Raises:
            BadInputError: the address is none.
        """
        self.venue = venue
        self._clock = clock
        self._venue_clock = VenueClock()
        self.client: Any = getattr(ccxt_async, venue)(
            {
                "enableRateLimit": True,
                "timeout": REQUEST_TIMEOUT_MS,
                # a venue is reached through the proxy of the environment, a stand-in here is not
                "aiohttp_trust_env": not is_this_machine(base_url),
            }
        )
        _spot_only(self.client)
        if base_url:
            self.client.urls["api"] = _moved(self.client.urls["api"], base_url)
        self.budget = RequestBudget(clock=clock, interval_s=self.client.rateLimit / 1000)
        self._send: Callable[..., Awaitable[Any]] = self.client.fetch
        self.client.throttle = self._throttle
        self.client.fetch = self._fetch
        self.client.on_rest_response = self._on_answer
        self._parse: Callable[[str], Any] = self.client.parse_json
        self.client.parse_json = self._on_json
        self.client.milliseconds = lambda: self.time().now_ms

    def time(self) -> VenueTime:
        """Return the venue's time as it is known now."""
        return self._venue_clock.time(now_s=self._clock.monotonic(), host_ms=self._clock.now_ms())

    async def ask(self, call: Callable[[], Awaitable[T]], answer: Answer | None = None) -> T:
        """Return what the call returns, its errors translated.

        Raises:
            TradingError: of the kind that says how to react.
        """
        token = _answer.set(answer or Answer())
        try:
            return await call()
        except errors.BaseError as error:
            if is_refusal(error) and not self.budget.paused_s:
                # said in the body of an answer that looks well, as many venues do
                self.budget.refused(f"{self.venue}: {error}"[:300], pause_s=None)
            raise our_error(error, venue=self.venue, pause_s=self.budget.paused_s) from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, TradingError):
                raise
            # ccxt reads answers without checking their shape
            raise VenueUnavailableError(
                f"{self.venue}: the answer was none: {type(error).__name__}: {error}"[:300]
            ) from error
        finally:
            _answer.reset(token)

    def note_time(self, answer: Answer, venue_ms: int) -> None:
        """Take in what the venue's time call said."""
        width = 1.0 if venue_ms % _SECOND_MS else _SECOND_MS  # some count whole seconds
        self._venue_clock.note(
            TimeSource.ENDPOINT,
            sent_s=answer.began_s,
            received_s=answer.received_s,
            venue_ms=venue_ms,
            width_ms=width,
        )

    async def close(self) -> None:
        """Release the sockets."""
        await self.client.close()

    async def _throttle(self, cost: float | None = None) -> None:
        await self.budget.turn(1.0 if cost is None else float(cost))

    async def _fetch(self, *args: Any, **kwargs: Any) -> Any:
        self.budget.check()
        self.budget.sent()
        answer = _answer.get() or Answer()
        answer.began_s = answer.sent_s = self._clock.monotonic()
        try:
            return await self._send(*args, **kwargs)
        finally:
            answer.sent_s = None

    def _on_answer(
        self,
        code: int,
        _reason: str,
        _url: str,
        _method: str,
        headers: Mapping[str, str],
        body: str,
        _request_headers: Any,
        _request_body: Any,
    ) -> str:
        answer = _answer.get() or Answer()
        answer.received_s = self._clock.monotonic()
        head = {name.lower(): value for name, value in headers.items()}
        date_ms = _date_ms(head.get("date", ""))
        if date_ms is not None and "age" not in head:
            self._venue_clock.note(
                TimeSource.HEADER,
                sent_s=answer.began_s,
                received_s=answer.received_s,
                venue_ms=date_ms,
                width_ms=_SECOND_MS,
            )
        self._heed(code, head, body, date_ms)
        return body.strip()

    def _on_json(self, body: str) -> Any:
        parsed, answer = self._parse(body), _answer.get()
        if answer is not None:
            answer.is_json = isinstance(parsed, dict | list)
        return parsed

    def _heed(self, code: int, head: Mapping[str, str], body: str, date_ms: float | None) -> None:
        now_ms = self.time().now_ms if date_ms is None else date_ms
        pause_s = _told_pause_s(head.get("retry-after", ""), body, now_ms)
        text = f"{self.venue}: HTTP {code}: {' '.join(body.split())[:200]}"
        if code in _REFUSALS:
            self.budget.refused(text, pause_s=pause_s)
        elif code >= 400 and pause_s is not None:
            self.budget.pause(text, pause_s)


def _told_pause_s(retry_after: str, body: str, now_ms: float) -> float | None:
    """Return the pause a venue asks for in its header or its text; None when it names none."""
    until_ms = _date_ms(retry_after)
    banned = _BANNED_UNTIL.search(body)
    try:
        told = max(0.0, float(retry_after))
    except ValueError:
        if until_ms is None and banned is not None:
            until_ms = float(banned.group(1))
        if until_ms is None:
            return None
        told = max(1.0, (until_ms - now_ms) / 1000 + 1.0)
    return told if told <= PAUSE_TOLD_MAX_S else None  # NaN is none either


def _date_ms(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() * 1000
    except (TypeError, ValueError, OverflowError):
        return None


def _spot_only(client: Any) -> None:
    # without this, some ask several hosts for markets the desk does not trade
    asked = client.options.get("fetchMarkets")
    if client.id == "binance" or (isinstance(asked, dict) and "spot" in asked.get("types", ())):
        client.options["fetchMarkets"] = {**(asked or {}), "types": ["spot"]}


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
