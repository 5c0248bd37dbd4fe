"""Django admin of ``trading.treasury``; history is read-only."""

from trading.treasury.admin import ledger

__all__ = ["ledger"]
