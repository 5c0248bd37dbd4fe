"""Which proposal travels next."""
