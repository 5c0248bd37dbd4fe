"""Database rows of ``trading.treasury``; rules live in its domain."""

from trading.treasury.models.ledger import LedgerEntry, LedgerPosting

__all__ = ["LedgerEntry", "LedgerPosting"]
