"""Django admin of ``trading.desk``; history is read-only."""

from trading.desk.admin import config, journal, sessions, trades

__all__ = ["config", "journal", "sessions", "trades"]
