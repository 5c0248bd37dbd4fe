"""Turn sources of bars into the durable log every session reads."""
