"""Measure the optimizer beside named peers and limits."""
