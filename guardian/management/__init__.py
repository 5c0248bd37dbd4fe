"""Commands of the guardian."""
