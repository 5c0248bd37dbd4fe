"""Bring candles into the store: from a file, from a venue."""
