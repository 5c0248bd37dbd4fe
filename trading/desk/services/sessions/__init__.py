"""Running sessions: opening, leasing, stepping, persisting, recovering, verifying."""
