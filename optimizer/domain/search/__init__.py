"""Propose parameter sets: spaces, the samplers that need no library, and the pruning rule."""
