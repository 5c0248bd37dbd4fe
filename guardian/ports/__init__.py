"""What the guardian needs from the outside, as small protocols."""
