"""Ask the swap aggregator's HTTP API what a swap would yield.

A GET with ``chainId``, ``tokenInAddress``, ``tokenOutAddress``, ``amount`` (decimal base units) and
``allowedSlippage`` (bps) is answered by JSON whose ``destAmount`` is in hexadecimal base units and
whose ``gasUseEstimate`` and ``gasUseEstimateUSD`` are numbers.

Source: reference specification of the optimizer, section 1.
"""

from __future__ import annotations

import math
from typing import Any, Final

import httpx

from trading.domain.errors import (
    BadInputError,
    RateLimitedError,
    VenueError,
    VenueUnavailableError,
)
from trading.ports.quotes import SwapQuote, Token, is_http_address

TIMEOUT_S: Final = 20.0
SLIPPAGE_BPS: Final = 50
RATE_LIMIT_PAUSE_S: Final = 60.0  # the published limit is per minute
_SHOWN: Final = 200  # characters of a strange answer worth repeating


class HttpQuoter:
    """Fulfils ``trading.ports.quotes.SwapQuoter``."""

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
        self._client = httpx.AsyncClient(timeout=timeout_s, headers={"Accept": "application/json"})

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
    return float(text) if text.isascii() and text.isdigit() else RATE_LIMIT_PAUSE_S


def _quote_from(answer: httpx.Response, endpoint: str) -> SwapQuote:
    try:
        body: Any = answer.json()
        amount_out = int(body["destAmount"], 16)
        gas_use = int(body["gasUseEstimate"])
        gas_cost = float(body["gasUseEstimateUSD"])
    except (KeyError, TypeError, ValueError) as error:
        raise VenueUnavailableError(
            f"{endpoint} answered no quote ({type(error).__name__}: {error}): "
            f"{answer.text[:_SHOWN]!r}"
        ) from error
    if amount_out <= 0:
        raise VenueError(f"{endpoint} has no route: destAmount was {body['destAmount']!r}")
    if gas_use < 0 or not (math.isfinite(gas_cost) and gas_cost >= 0):
        raise VenueUnavailableError(
            f"{endpoint} answered gas {gas_use} costing {gas_cost!r}; expected 0 or more"
        )
    return SwapQuote(amount_out, gas_use, gas_cost)
