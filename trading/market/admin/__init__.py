"""Django admin of ``trading.market``; history is read-only."""

from trading.market.admin import feeds

__all__ = ["feeds"]
