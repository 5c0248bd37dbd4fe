"""Commands of the optimizer."""
