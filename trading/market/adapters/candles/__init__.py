"""Candles on disk: the Parquet store and the reader for files people bring along."""

from trading.market.adapters.candles.files import ArrowCandleFiles
from trading.market.adapters.candles.store import ParquetCandleStore

__all__ = ["ArrowCandleFiles", "ParquetCandleStore"]
