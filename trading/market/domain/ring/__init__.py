"""The last bars of every pair in one array."""
