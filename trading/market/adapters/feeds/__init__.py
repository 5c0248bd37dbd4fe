"""Sources of bars behind one port: stored replay, simulated market, a venue through ccxt."""
