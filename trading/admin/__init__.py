"""Django admin of the trading models; history is read-only."""

from trading.admin import config, journal, market, sessions, trades

__all__ = ["config", "journal", "market", "sessions", "trades"]
