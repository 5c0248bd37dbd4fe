"""Database rows of this app."""
