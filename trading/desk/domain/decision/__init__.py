"""The decision core: from a closed bar to decisions, rows and orders, and nothing else."""
