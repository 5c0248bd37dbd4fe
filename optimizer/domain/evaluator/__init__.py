"""Evaluate parameter sets over real candles with real swap costs, thousands a second."""
