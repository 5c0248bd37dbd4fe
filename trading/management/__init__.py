"""What the command line of the trading engine shares."""
