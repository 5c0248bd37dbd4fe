"""The engine: markets, signals, execution, risk and savings."""
