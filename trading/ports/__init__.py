"""What the desk needs from the outside, as small protocols; adapters fulfil them."""
