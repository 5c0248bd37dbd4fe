"""Commands of the trading engine: parse, call one service, print."""
