"""Open studies, run them to their end whatever dies meanwhile, and steer them."""
