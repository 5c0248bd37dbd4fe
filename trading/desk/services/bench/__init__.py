"""Measure the desk beside named peers and limits."""
