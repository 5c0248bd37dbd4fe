"""What is set aside of the profits, and when the desk is healthy enough to do so."""
