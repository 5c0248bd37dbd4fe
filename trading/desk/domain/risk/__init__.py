"""What an entry must not exceed, and when an exit may be refused."""
