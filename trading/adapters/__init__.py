"""One outside thing per room: stores, feeds, venues, the clock, the channel layer."""
