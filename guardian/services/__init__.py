"""What the guardian does, one use case per function."""
