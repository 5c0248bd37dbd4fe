"""What this app needs from outside, as protocols."""
