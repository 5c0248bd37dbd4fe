"""The rows a session writes: what stands in them, and who writes them."""
