"""Candles on disk: the Parquet store and the reader for files people bring along."""

from trading.adapters.candles.files import ArrowCandleFiles
from trading.adapters.candles.store import ParquetCandleStore

__all__ = ["ArrowCandleFiles", "ParquetCandleStore"]
