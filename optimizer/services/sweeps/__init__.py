"""Sweeps over several machines: answer chunks, keep studies running, and clear up behind them."""
