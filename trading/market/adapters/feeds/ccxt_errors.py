"""Translate ccxt's errors one by one.

A new class in a newer ccxt fails a test instead of slipping through as something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ccxt.base import errors

from trading.base.domain.errors import (
    BadInputError,
    ConfigError,
    OrderRejectedError,
    OrderStateUnknownError,
    RateLimitedError,
    TradingError,
    UnknownPairError,
    VenueError,
    VenueUnavailableError,
)

OUR_ERROR: Final[Mapping[type[Exception], type[TradingError]]] = {
    errors.BaseError: VenueError,
    errors.ExchangeError: VenueUnavailableError,
    errors.AuthenticationError: ConfigError,
    errors.PermissionDenied: ConfigError,
    errors.AccountNotEnabled: ConfigError,
    errors.AccountSuspended: ConfigError,
    errors.ArgumentsRequired: BadInputError,
    errors.BadRequest: BadInputError,
    errors.BadSymbol: UnknownPairError,
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


def is_refusal(error: errors.BaseError) -> bool:
    """Return whether the venue said that it was asked too much."""
    return issubclass(_kind(error), RateLimitedError)


def our_error(error: errors.BaseError, *, venue: str, pause_s: float) -> TradingError:
    """Return the error of ours that tells the caller how to react to ccxt's.

    Args:
        error: as ccxt raised it.
        venue: named in the message.
        pause_s: how long to wait when the venue asked for a pause.
    """
    kind = _kind(error)
    message = f"{venue}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    if issubclass(kind, RateLimitedError):
        return RateLimitedError(message, retry_after_s=pause_s)
    return kind(message)


def _kind(error: errors.BaseError) -> type[TradingError]:
    return OUR_ERROR[next(known for known in type(error).__mro__ if known in OUR_ERROR)]
