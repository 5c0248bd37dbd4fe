"""Ask the swap aggregator's HTTP API what a swap would yield.

A GET with ``chainId``, ``tokenInAddress``, ``tokenOutAddress``, ``amount`` (decimal base units) and
``allowedSlippage`` (bps) is answered by JSON whose ``destAmount`` is in hexadecimal base units and
whose ``gasUseEstimate`` and ``gasUseEstimateUSD`` are numbers. Whatever else comes is refused with
the field that is wrong and what it held, because what is let through is kept as a measurement.

Source: reference specification of the optimizer, section 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

from trading.base.domain.addresses import is_this_machine
from trading.base.domain.errors import (
    BadInputError,
    RateLimitedError,
    VenueError,
    VenueUnavailableError,
)
from trading.market.ports.quotes import GAS_COST_MAX, GAS_USE_MAX, SwapQuote, Token, is_http_address

TIMEOUT_S: Final = 20.0
SLIPPAGE_BPS: Final = 50
RATE_LIMIT_PAUSE_S: Final = 60.0  # the published limit is per minute
_AMOUNT: Final = re.compile("0x[0-9a-fA-F]{1,64}")  # what 256 bits can say
_PAUSE: Final = re.compile("[0-9]{1,9}")
_SHOWN: Final = 200  # characters of a strange answer worth repeating


class HttpQuoter:
    """Fulfils ``trading.market.ports.quotes.SwapQuoter``."""

    def __init__(self, endpoint: str, *, chain_id: int, timeout_s: float = TIMEOUT_S) -> None:
        """Prepare the client; nothing is sent yet.

        Raises:
            BadInputError: the endpoint is no http or https address.
        """
        if not is_http_address(endpoint):
            raise BadInputError(
                f"endpoint was {endpoint!r}; expected an address such as https://host/quote"
            )
        self._endpoint = endpoint
        self._chain_id = chain_id
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            headers={"Accept": "application/json"},
            trust_env=not is_this_machine(endpoint),  # a person's proxy, but not to one's own door
        )

    async def quote(self, *, sell: Token, buy: Token, amount: int) -> SwapQuote:
        """Return the aggregator's answer; see the port."""
        if amount <= 0:
            raise BadInputError(f"amount was {amount}; expected base units above 0")
        params = {
            "chainId": str(self._chain_id),
            "tokenInAddress": sell.address,
            "tokenOutAddress": buy.address,
            "amount": str(amount),
            "allowedSlippage": str(SLIPPAGE_BPS),
        }
        try:
            answer = await self._client.get(self._endpoint, params=params)
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
            raise VenueUnavailableError(
                f"{self._endpoint} did not answer: {type(error).__name__}: {error}"
            ) from error
        self._check_status(answer)
        return _quote_from(answer, self._endpoint)

    async def close(self) -> None:
        """Release the sockets."""
        await self._client.aclose()

    def _check_status(self, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.OK:
            return
        said = f"{self._endpoint} answered {answer.status_code}: {answer.text[:_SHOWN]!r}"
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise RateLimitedError(said, retry_after_s=_pause(answer))
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise VenueUnavailableError(said)
        raise VenueError(said)


def _pause(answer: httpx.Response) -> float:
    # The header may also hold a date; the published limit is then as good a guess.
    text = answer.headers.get("Retry-After", "")
    return float(text) if _PAUSE.fullmatch(text) else RATE_LIMIT_PAUSE_S


def _quote_from(answer: httpx.Response, endpoint: str) -> SwapQuote:
    try:
        # strict: no NaN or Infinity, and brackets without end are refused instead of followed
        body = orjson.loads(answer.content)
        if not isinstance(body, dict):
            raise TypeError(f"a JSON object was expected, not {type(body).__name__}")
        amount_out = _amount(body)
        gas_use = _number(body, "gasUseEstimate", GAS_USE_MAX)
        gas_cost = _number(body, "gasUseEstimateUSD", GAS_COST_MAX)
    except (KeyError, TypeError, ValueError) as error:
        raise VenueUnavailableError(
            f"{endpoint} answered no quote ({type(error).__name__}: {error}): "
            f"{answer.text[:_SHOWN]!r}"
        ) from error
    if amount_out == 0:
        raise VenueError(f"{endpoint} has no route: destAmount was {body['destAmount']!r}")
    return SwapQuote(amount_out, int(gas_use), float(gas_cost))


def _amount(body: Mapping[str, Any]) -> int:
    text = body["destAmount"]
    if not (isinstance(text, str) and _AMOUNT.fullmatch(text)):
        raise ValueError(
            f"destAmount was {repr(text)[:_SHOWN]}; expected 0x and 1 to 64 hexadecimal digits"
        )
    return int(text, 16)


def _number(body: Mapping[str, Any], name: str, high: float) -> float:
    value = body[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= high):
        raise ValueError(
            f"{name} (gas) was {repr(value)[:_SHOWN]}; expected a number 0 to {high:,.0f}"
        )
    return float(value)
