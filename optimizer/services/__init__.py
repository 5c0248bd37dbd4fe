"""Use cases of the optimizer: one function each, adapters as arguments."""
