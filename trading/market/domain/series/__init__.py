"""Bars as a series: checked, joined, counted, ordered."""
