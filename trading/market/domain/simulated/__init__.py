"""A seeded market that stands in while there is no real one."""
