"""What the market is and says: instruments, bars, candles, feeds, quotes, swap costs."""
