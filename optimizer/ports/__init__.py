"""What the optimizer needs from outside, as protocols."""
