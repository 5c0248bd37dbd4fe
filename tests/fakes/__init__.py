"""Real, small implementations of ports for tests."""
