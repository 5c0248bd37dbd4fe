"""The desk at work: chart, decisions, money, positions and bots."""
