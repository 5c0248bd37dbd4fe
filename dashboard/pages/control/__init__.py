"""Orders for the desk and for single bots: what they will do, then the act."""
