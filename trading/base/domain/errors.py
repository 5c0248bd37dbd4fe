"""Name every way trading can fail, sorted by what the caller must do about it.

    TradingError
    ├── ConfigError               stop: a setting is wrong, a person must mend it
    ├── BadInputError             stop: a file, argument or value a person gave is wrong (exit 2)
    │   └── UnknownPairError          the venue says so; a feed sets that one pair aside
    ├── OrderRefusedError         stop: what a person ordered is not allowed as things stand
    ├── InvariantError            bug: stop the session and page the operator (also a ValueError)
    ├── CorruptMarketDataError    drop the datum and count it
    ├── LeaseLostError            stop writing at once, another worker owns the session
    ├── RecorderError             a step was not kept; recover and decide on it again
    ├── DatabaseTroubleError      the database cannot be used now; ``code`` says in which way
    └── VenueError                the outside refused or failed
        ├── VenueUnavailableError     retry with back-off
        ├── RateLimitedError          wait ``retry_after_s``
        ├── OrderRejectedError        do not retry
        └── OrderStateUnknownError    ask the venue by client order id, never send again blindly

A decision that says no ("denied", "skipped") is a value with a reason, never an exception.
"""

from __future__ import annotations


class TradingError(Exception):
    """Base of every error raised on purpose by the trading package."""

    code = "trading_error"


class ConfigError(TradingError):
    """A configuration value is missing, unknown or out of range."""

    code = "config_error"


class BadInputError(TradingError):
    """A file, argument or value given by a person cannot be used; the message names it."""

    code = "bad_input"


class UnknownPairError(BadInputError):
    """A venue says that it has no such pair, or none in that timeframe."""

    code = "unknown_pair"


class OrderRefusedError(TradingError):
    """What a person ordered is not allowed as things stand; the message says what is."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class InvariantError(TradingError, ValueError):
    """A rule that the code itself guarantees does not hold."""

    code = "invariant_broken"


class CorruptMarketDataError(TradingError):
    """One market datum is impossible (not finite, high below low, time going back)."""

    code = "corrupt_market_data"


class LeaseLostError(TradingError):
    """The session lease was taken over; the holder of the older fencing token must stop."""

    code = "lease_lost"


class RecorderError(TradingError):
    """A recorder failed in a step's transaction, so nothing of the step was written."""

    code = "recorder_failed"


class DatabaseTroubleError(TradingError):
    """The database cannot be used; the message says which one, what is wrong and what mends it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class VenueError(TradingError):
    """A venue refused or failed a request."""

    code = "venue_error"


class VenueUnavailableError(VenueError):
    """The venue cannot be reached or answered with a server error; retry with back-off."""

    code = "venue_unavailable"


class RateLimitedError(VenueError):
    """The venue asked for a pause."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OrderRejectedError(VenueError):
    """The venue refused an order for good."""

    code = "order_rejected"


class OrderStateUnknownError(VenueError):
    """It is not known whether the venue took the order; resolve by client order id."""

    code = "order_state_unknown"
