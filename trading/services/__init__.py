"""Use cases of the trading engine: what is done, in one transaction each."""
