"""The optimizer: search strategy parameters with real swap costs, and be honest about luck."""
